import { z } from 'zod';

/**
 * What a failed call of an object, or of storage, means. Only after `overloaded` is it sure that the call never ran.
 * `reset`: the connection or the object's memory was lost. `updated`: for new code. `slow`: the platform ended it for its
 * time. `storage-full`: the database takes no more. `other`: an exception of the called code, or an unknown error.
 */
export type PlatformError = 'overloaded' | 'reset' | 'updated' | 'slow' | 'storage-full' | 'other';

/** A property that the platform sets on an error: `true`, or absent. */
const flag = z.literal(true).optional().catch(undefined);

/** The part of an error that tells its kind. Whatever was thrown, this parses. */
const thrown = z
  .object({ message: z.string().catch(''), overloaded: flag, retryable: flag, durableObjectReset: flag })
  .catch({ message: '' });

const TROUBLESHOOTING = 'developers.cloudflare.com/durable-objects/observability/troubleshooting/';
const WORKERD = 'github.com/cloudflare/workerd';

/** A text of an error: its kind, its flags as far as they are known, and its source. */
interface KnownError {
  /** A part of the message, in lower case. */
  readonly text: string;
  readonly kind: PlatformError;
  readonly flags?: readonly ('overloaded' | 'retryable' | 'durableObjectReset')[];
  readonly source: string;
}

/**
 * Texts of the platform. The first match counts. A text decides before a flag, because a flag says less: an object that
 * exceeded its memory is `overloaded` as well, and its call may have run.
 */
export const KNOWN_ERRORS: readonly KnownError[] = [
  {
    text: 'durable object is overloaded. too many requests queued',
    kind: 'overloaded',
    flags: ['overloaded'],
    source: TROUBLESHOOTING,
  },
  {
    text: 'durable object is overloaded. too much data queued',
    kind: 'overloaded',
    flags: ['overloaded'],
    source: TROUBLESHOOTING,
  },
  {
    text: 'durable object is overloaded. requests queued for too long',
    kind: 'overloaded',
    flags: ['overloaded'],
    source: TROUBLESHOOTING,
  },
  {
    text: 'durable object is overloaded. too many requests for the same object within a 10 second window',
    kind: 'overloaded',
    flags: ['overloaded'],
    source: TROUBLESHOOTING,
  },
  // The object was not looked up, so the call never ran. "Retrying after a short wait is safe."
  {
    text: 'your account is generating too much load on durable objects',
    kind: 'overloaded',
    source: TROUBLESHOOTING,
  },
  {
    text: 'durable object reset because its code was updated',
    kind: 'updated',
    flags: ['durableObjectReset'],
    source: TROUBLESHOOTING,
  },
  { text: 'this script has been upgraded', kind: 'updated', source: WORKERD },
  // "The Durable Object instance that received your request was shut down."
  {
    text: 'connection closed: this durable object instance is no longer active',
    kind: 'reset',
    flags: ['retryable'],
    source: TROUBLESHOOTING,
  },
  { text: 'durable object connection closed because the object was reset', kind: 'reset', source: TROUBLESHOOTING },
  {
    text: 'durable object storage operation exceeded timeout',
    kind: 'slow',
    flags: ['durableObjectReset'],
    source: TROUBLESHOOTING,
  },
  { text: 'durable object exceeded its cpu time limit', kind: 'slow', flags: ['durableObjectReset'], source: WORKERD },
  {
    text: 'a call to blockconcurrencywhile() in a durable object waited for too long',
    kind: 'slow',
    flags: ['durableObjectReset'],
    source: WORKERD,
  },
  {
    text: 'actor exceeded event execution time and was disconnected',
    kind: 'slow',
    flags: ['durableObjectReset'],
    source: WORKERD,
  },
  // Thrown as `overloaded` (src/workerd/io/actor-cache.c++), with the object reset under running calls.
  {
    text: 'isolate exceeded its memory limit',
    kind: 'reset',
    flags: ['overloaded', 'durableObjectReset'],
    source: WORKERD,
  },
  { text: 'application called abort() to reset durable object', kind: 'reset', source: WORKERD },
  // A dropped connection, with any detail left out (src/workerd/jsg/util.c++).
  { text: 'network connection lost', kind: 'reset', flags: ['retryable'], source: WORKERD },
  { text: 'caused object to be reset', kind: 'reset', flags: ['durableObjectReset'], source: WORKERD },
  // SQLite's text for SQLITE_FULL: 10 GB an object (…/durable-objects/platform/limits/).
  { text: 'database or disk is full', kind: 'storage-full', source: 'sqlite.org/rescode.html#full' },
  { text: 'sqlite_full', kind: 'storage-full', source: 'sqlite.org/rescode.html#full' },
  { text: 'your account is doing too many concurrent storage operations', kind: 'slow', source: TROUBLESHOOTING },
];

/** Returns what an error of the platform means. Pure. */
export function platformErrorOf(error: unknown): PlatformError {
  const { message, overloaded, retryable, durableObjectReset } = thrown.parse(error);
  const text = message.toLowerCase();
  const known = KNOWN_ERRORS.find((each) => text.includes(each.text));
  if (known !== undefined) return known.kind;
  if (durableObjectReset) return 'reset';
  if (overloaded) return 'overloaded';
  return retryable ? 'reset' : 'other';
}
