import { z } from 'zod';
import { accountOf } from '../ledger/account.ts';
import type { Block } from '../ledger/blocks.ts';
import type { Chain } from '../ledger/chain.ts';
import { toHex, vector } from '../metadata/scale.ts';
import { CODE, RpcError } from './json-rpc.ts';

const hex = z.string().regex(/^0x([0-9a-fA-F]{2})*$/);
const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const at = hash.nullish();
const keys = z.array(hex).max(1000);
const page = z.number().int().positive().max(1000);
const number = z.union([
  z.number().int().nonnegative(),
  z
    .string()
    .regex(/^0x[0-9a-f]+$/)
    .transform(Number),
]);

/** Substrate accepts one number, or a list of numbers. */
const numbers = z.union([number, z.array(number).max(1000)]);

/** A method that returns its result at once. */
export type Method = (params: readonly unknown[]) => unknown;

/** SS58 or hex, as hex. */
const account = z.string().transform((text, context) => {
  const found = accountOf(text);
  if (found !== undefined) return found;
  context.addIssue({ code: 'custom', message: 'no account' });
  return z.NEVER;
});

/** Returns the version in the form of JSON-RPC. It lists no runtime API, because this chain has none. */
export function runtimeVersion(chain: Chain) {
  return { ...chain.runtime.version, apis: [] };
}

/** Returns Substrate's error 1010 for an extrinsic that is refused. */
export function invalidTransaction(reason: string): RpcError {
  return new RpcError(CODE.invalidTransaction, 'Invalid Transaction', reason);
}

/** Returns the methods that need no connection, by name. */
export function methodsOf(chain: Chain): Record<string, Method> {
  const { metadata } = chain.runtime;
  const block = (at: string | null | undefined): Block => {
    if (at === null || at === undefined) return chain.head;
    const found = chain.block(at);
    if (found === undefined) throw new RpcError(4003, 'UnknownBlock', `State of block ${at} is not kept`);
    return found;
  };
  // Like Substrate: null for an unknown block, and an error only where its state is read.
  const known = (at: string | null | undefined) => (at === null || at === undefined ? chain.head : chain.block(at));
  const signedBlock = (found: Block) => ({
    block: { header: found.header, extrinsics: found.extrinsics.map((each) => each.hex) },
    justifications: null,
  });
  return {
    system_name: () => 'dev-chain',
    system_version: () => '0.1.0',
    system_chain: () => 'RMB development chain',
    system_chainType: () => 'Development',
    system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
    system_properties: () => ({ ss58Format: 42, tokenDecimals: 7, tokenSymbol: 'TFT' }),
    system_accountNextIndex: ([who]) => chain.nextNonce(account.parse(who)),
    state_getRuntimeVersion: () => runtimeVersion(chain),
    state_getMetadata: () => metadata,
    state_call: ([name]) => runtimeCall(z.string().parse(name), metadata),
    state_getStorage: ([key, when]) => block(at.parse(when)).state.get(hex.parse(key)),
    state_getKeysPaged: ([prefix, count, after, when]) => {
      const found = block(at.parse(when)).state.keys(hex.parse(prefix));
      const last = hex.nullish().parse(after);
      const start = typeof last === 'string' ? found.findIndex((key) => key > last) : 0;
      return start < 0 ? [] : found.slice(start, start + page.parse(count));
    },
    state_queryStorageAt: ([list, when]) => {
      const found = block(at.parse(when));
      return [changes(found, keys.parse(list))];
    },
    chain_getBlockHash: ([which]) => {
      if (which === undefined || which === null) return chain.head.hash;
      const found = numbers.parse(which);
      return Array.isArray(found) ? found.map((each) => chain.hashOf(each) ?? null) : chain.hashOf(found);
    },
    chain_getHeader: ([when]) => known(at.parse(when))?.header,
    chain_getBlock: ([when]) => {
      const found = known(at.parse(when));
      return found && signedBlock(found);
    },
    chain_getFinalizedHead: () => chain.head.hash,
    author_submitExtrinsic: async ([extrinsic]) => {
      const submitted = await chain.submit(hex.parse(extrinsic).toLowerCase());
      if (!submitted.ok) throw invalidTransaction(submitted.error);
      return submitted.value.hash;
    },
  };
}

/** Answers the one runtime call that clients need: older ones read the metadata by it, with a length prefix. */
function runtimeCall(name: string, metadata: string): string {
  if (name !== 'Metadata_metadata') throw new RpcError(CODE.unknownMethod, 'Method not found', name);
  return toHex(vector(Buffer.from(metadata.slice(2), 'hex')));
}

/** Returns keys with their values, for subscribers and `state_queryStorageAt`. */
export function changes(block: Block, keys: readonly string[]) {
  return { block: block.hash, changes: keys.map((key) => [key, block.state.get(key)]) };
}

export const PARAMS = { hex, keys };
