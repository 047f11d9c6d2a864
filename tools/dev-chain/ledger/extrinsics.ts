import { blake2b } from '@noble/hashes/blake2.js';
import { GenericExtrinsic, Struct, type TypeRegistry } from '@polkadot/types';
import { PORTABLE } from '../../../proto/crypto/portable.ts';
import { verifySignature } from '../../../proto/crypto/signature.ts';
import { err, ok, type Result } from '../../../proto/result.ts';
import { concat, toHex, withoutLength } from '../metadata/scale.ts';
import type { Call } from './ledger.ts';

/** An extrinsic with a valid signature. */
export interface Signed {
  readonly hex: `0x${string}`;
  readonly hash: `0x${string}`;
  readonly account: string;
  readonly nonce: number;
  readonly call: Call;
}

/** The data that a signature covers beside the call. */
export interface Context {
  readonly genesis: `0x${string}`;
  /** The number of the next block. */
  readonly nextBlock: number;
  readonly specVersion: number;
  readonly transactionVersion: number;
  /** Returns a block's hash by its number, as far as the chain remembers. */
  blockHash(number: number): `0x${string}` | undefined;
}

/** Substrate's texts for an invalid transaction. */
export type Invalid =
  | 'Transaction has a bad signature'
  | 'Transaction is outdated'
  | 'Transaction call is not expected'
  | 'not an extrinsic';

/** MultiSignature's variants → the type bytes of docs/protocol.md, 3.2. */
const SCHEMES: readonly number[] = [0x65, 0x73];
/** Longer payloads are signed as their hash (bytes). */
const MAX_PAYLOAD = 256;

/** Decodes an extrinsic and checks its era and signature. The pool checks nonce and fee. */
export async function openExtrinsic(
  registry: TypeRegistry,
  hex: string,
  context: Context,
): Promise<Result<Signed, Invalid>> {
  const extrinsic = decode(registry, hex);
  if (extrinsic === undefined) return err('not an extrinsic');
  if (!extrinsic.isSigned || (extrinsic.version & 0x7f) !== 4) return err('Transaction has a bad signature');
  const authority = authorityOf(extrinsic);
  if (authority === undefined) return err('Transaction has a bad signature');
  const birth = birthBlock(extrinsic, context);
  if (birth === undefined) return err('Transaction is outdated');
  const call = callOf(extrinsic);
  if (call === undefined) return err('Transaction call is not expected');
  const payload = signedPayload(registry, extrinsic, birth, context);
  const message = payload.length > MAX_PAYLOAD ? blake2b(payload, { dkLen: 32 }) : payload;
  const verified = await verifySignature(authority.account, message, authority.signature, PORTABLE);
  if (!verified.ok) return err('Transaction has a bad signature');
  return ok({
    hex: extrinsic.toHex(),
    hash: extrinsic.hash.toHex(),
    account: toHex(authority.account),
    nonce: extrinsic.nonce.toNumber(),
    call,
  });
}

function decode(registry: TypeRegistry, hex: string): GenericExtrinsic | undefined {
  try {
    const extrinsic = registry.createType('Extrinsic', hex);
    // The decoder silently accepts trailing bytes.
    return extrinsic instanceof GenericExtrinsic && extrinsic.toHex() === hex ? extrinsic : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the signer, and the signature in the form of docs/protocol.md, 3.2. The bytes are a version, a MultiAddress
 * (clients use only Id), and a MultiSignature.
 */
function authorityOf(extrinsic: GenericExtrinsic): { account: Uint8Array; signature: Uint8Array } | undefined {
  const bytes = withoutLength(extrinsic.toU8a());
  const scheme = SCHEMES[bytes[34] ?? 0xff];
  if (bytes[1] !== 0 || scheme === undefined || bytes.length < 99) return undefined;
  return { account: bytes.slice(2, 34), signature: concat(new Uint8Array([scheme]), bytes.slice(35, 99)) };
}

/**
 * Returns the hash of the block from which the extrinsic is valid; undefined when that block does not exist yet. An
 * expired era leads to a younger block than the signed one, so its signature is invalid, as in Substrate.
 */
function birthBlock(extrinsic: GenericExtrinsic, context: Context): `0x${string}` | undefined {
  if (!extrinsic.era.isMortalEra) return context.genesis;
  return context.blockHash(extrinsic.era.asMortalEra.birth(context.nextBlock));
}

function signedPayload(
  registry: TypeRegistry,
  extrinsic: GenericExtrinsic,
  blockHash: string,
  context: Context,
): Uint8Array {
  const { specVersion, transactionVersion, genesis: genesisHash } = context;
  const fields = {
    method: extrinsic.method.toHex(),
    ...extensionValues(registry, extrinsic),
    specVersion,
    transactionVersion,
    genesisHash,
    blockHash,
  };
  return registry.createType('ExtrinsicPayload', fields, { version: 4 }).toU8a({ method: true });
}

/** The extrinsic's values for signed extensions: era, nonce, tip and, on other networks, more. */
function extensionValues(registry: TypeRegistry, extrinsic: GenericExtrinsic): Record<string, unknown> {
  const { signature } = extrinsic.inner;
  if (!(signature instanceof Struct)) return {};
  return Object.fromEntries(Object.keys(registry.getSignedExtensionTypes()).map((name) => [name, signature.get(name)]));
}

function callOf({ method }: GenericExtrinsic): Call | undefined {
  switch (`${method.section}.${method.method}`) {
    case 'system.remark':
      return { kind: 'remark' };
    case 'tfgridModule.userAcceptTc':
      return { kind: 'user_accept_tc', link: bytes(method.args[0]), hash: bytes(method.args[1]) };
    case 'tfgridModule.createTwin':
      return { kind: 'create_twin', relay: optionBytes(method.args[0]), pk: optionBytes(method.args[1]) };
    case 'tfgridModule.updateTwin':
      return { kind: 'update_twin', relay: optionBytes(method.args[0]), pk: optionBytes(method.args[1]) };
    default:
      return undefined;
  }
}

interface Argument {
  toU8a(): Uint8Array;
}

/** A `Vec<u8>` argument. */
function bytes(argument: Argument | undefined): Uint8Array {
  return withoutLength(argument?.toU8a() ?? new Uint8Array());
}

/** Returns an `Option<Vec<u8>>` argument. */
function optionBytes(argument: Argument | undefined): Uint8Array | null {
  const scale = argument?.toU8a();
  return scale?.[0] === 1 ? withoutLength(scale.slice(1)) : null;
}
