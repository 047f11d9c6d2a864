import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { sameBytes } from '../bytes.ts';
import type { Log } from '../ports.ts';
import type { KnownTwin } from './known-twin.ts';

/** A second node's opinion on a twin's keys: the same, others, or no answer. */
export type SecondOpinion = 'same' | 'other' | 'unanswered';

/** Judges changed keys of a twin. */
export interface KeyWatch {
  /** Whether there is a second node to ask. */
  readonly hasSecond: boolean;
  /** Asks a second node. */
  confirm(twin: KnownTwin): Promise<SecondOpinion>;
  /** The keys of a known twin have changed. */
  changed(before: KnownTwin, after: KnownTwin, opinion: SecondOpinion): void;
}

/** Returns whether two records have the same account and the same key for encryption. */
export function haveSameKeys(a: KnownTwin, b: KnownTwin): boolean {
  return sameBytes(a.account, b.account) && sameBytes(keyBytes(a), keyBytes(b));
}

/** Logs and counts a change of keys. */
export function reportKeyChange(
  { log, count }: { log: Log; count: (opinion: 'confirmed' | 'disputed' | 'unconfirmed') => void },
  [before, after]: readonly [KnownTwin, KnownTwin],
  opinion: SecondOpinion,
): void {
  const fields = { twin: after.id, before: fingerprint(before), after: fingerprint(after) };
  if (opinion === 'same') {
    count('confirmed');
    log.info(fields, 'chain: the keys of a twin have changed, two nodes confirm it');
  } else if (opinion === 'other') {
    count('disputed');
    log.warn(fields, 'chain: one node reports changed keys of a twin, another does not: the old keys stay');
  } else {
    count('unconfirmed');
    log.warn(fields, 'chain: the keys of a twin have changed, only one node reports it');
  }
}

function fingerprint(twin: KnownTwin): string {
  return bytesToHex(sha256(concatBytes(twin.account, keyBytes(twin)))).slice(0, 16);
}

function keyBytes({ key }: KnownTwin): Uint8Array {
  return key.kind === 'absent' ? NONE : key.bytes;
}

const NONE = new Uint8Array(0);
