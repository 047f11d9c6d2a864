import { type Identity, identityOf, type KeyType, ss58Address } from '../../proto/identity.ts';
import { type Gathered, type ReadFile, type Settings, settle } from '../config/config.ts';
import { UsageError } from '../config/layers.ts';
import { type Line, linesOf } from './line.ts';

/** A well-formed secret of nobody: with it the other settings can be read when the secret itself is wrong. */
const STAND_IN = `0x${'01'.repeat(32)}`;

const lines = linesOf('secret');
const given = linesOf('settings');

/** The settings, and the keys if the secret is valid. */
export interface ReadSecret {
  readonly settings: Settings;
  readonly identity: Identity | undefined;
  readonly lines: readonly Line[];
}

/** Reads the settings, the secret apart from the others. @throws UsageError when another setting is wrong */
export async function readSecret(gathered: Gathered, readFile: ReadFile): Promise<ReadSecret> {
  let settings: Settings;
  try {
    settings = await settle(gathered, readFile);
  } catch (fault) {
    if (!(fault instanceof UsageError)) throw fault;
    const others = [...gathered.layer].filter(([name]) => name !== 'mnemonic' && name !== 'mnemonic-file');
    const standIn = { texts: [STAND_IN], origin: 'default', from: 'default' } as const;
    const layer = new Map([...others, ['mnemonic', standIn] as const]);
    // Throws again when it was not the secret.
    const rest = await settle({ ...gathered, layer }, readFile);
    return { settings: rest, identity: undefined, lines: [badSecret(fault.message)] };
  }
  const { secret, keyType } = settings.peer;
  const identity = await identityOf(secret, keyType);
  if (!identity.ok) return { settings, identity: undefined, lines: [badSecret(identity.error.detail)] };
  const warnings = settings.warnings.map((warning) => given.warn('given', warning, 'see “Configure” in docs/peer.md'));
  const account = ss58Address(identity.value.account);
  return {
    settings,
    identity: identity.value,
    lines: [lines.ok('words', `good: with key type ${keyType} they are the account ${account}`), ...warnings],
  };
}

/** Returns the keys of the same secret under the other type. */
export async function otherIdentity({ peer }: Settings): Promise<Identity | undefined> {
  const other: KeyType = peer.keyType === 'sr25519' ? 'ed25519' : 'sr25519';
  const identity = await identityOf(peer.secret, other);
  return identity.ok ? identity.value : undefined;
}

function badSecret(detail: string): Line {
  const next =
    'give the words of the twin’s mnemonic alone, in English and in order; a word that is misspelt spoils all';
  return lines.fail('words', detail, next);
}

/**
 * What the chain says of the key type.
 * @param twin what it has for the account of this type; @param other what it has for the other type's
 */
export function judgeKeyType(keyType: KeyType, twin: number | undefined, other: number | undefined): Line {
  if (twin !== undefined) return lines.ok('key type', `${keyType}, as twin ${twin} has it`);
  if (other === undefined) return lines.skipped('key type', 'no twin to compare it with');
  const right = keyType === 'sr25519' ? 'ed25519' : 'sr25519';
  const detail = `${keyType}: the twin of this secret, ${other}, has an ${right} key`;
  return lines.fail('key type', detail, `set --key-type ${right}`);
}
