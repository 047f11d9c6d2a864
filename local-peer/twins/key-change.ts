import { hash } from 'node:crypto';
import type { KnownTwin } from '../known-twin.ts';
import type { Log } from '../ports.ts';
import type { CountEvent } from '../state.ts';

/** What a second node says of a twin's keys: the same, others, or nothing. */
export type SecondOpinion = 'same' | 'other' | 'unanswered';

/** How a twin's changed keys are judged. */
export interface KeyWatch {
  /** Whether there is a second node to ask. */
  readonly hasSecond: boolean;
  /** Asks a second node. */
  confirm(twin: KnownTwin): Promise<SecondOpinion>;
  /** The keys of a twin that was known have changed. */
  changed(before: KnownTwin, after: KnownTwin, opinion: SecondOpinion): void;
}

/** Returns whether two records have the same account and the same key for encryption. */
export function haveSameKeys(a: KnownTwin, b: KnownTwin): boolean {
  return Buffer.compare(a.account, b.account) === 0 && Buffer.compare(keyBytes(a), keyBytes(b)) === 0;
}

/** Logs and counts a change of keys. */
export function reportKeyChange(
  { log, count }: { log: Log; count: CountEvent },
  [before, after]: readonly [KnownTwin, KnownTwin],
  opinion: SecondOpinion,
): void {
  const fields = { twin: after.id, before: fingerprint(before), after: fingerprint(after) };
  if (opinion === 'same') {
    count('twin-key-changed', 'confirmed');
    log.info(fields, 'chain: the keys of a twin have changed, two nodes say so');
  } else if (opinion === 'other') {
    count('twin-key-changed', 'disputed');
    log.warn(fields, 'chain: one node says that the keys of a twin have changed, another does not: the old ones stay');
  } else {
    count('twin-key-changed', 'unconfirmed');
    log.warn(fields, 'chain: the keys of a twin have changed, one node alone says so');
  }
}

function fingerprint(twin: KnownTwin): string {
  return hash('sha256', Buffer.concat([twin.account, keyBytes(twin)]), 'hex').slice(0, 16);
}

function keyBytes({ key }: KnownTwin): Uint8Array {
  return key.kind === 'absent' ? NONE : key.bytes;
}

const NONE = new Uint8Array(0);
