// When a session is given more bytes. The platform does not show how much of a socket's buffer its client has read, so
// bytes count as unproven until the client is heard: by a frame, or by an automatic answer of the platform. Pure: sizes in
// bytes, times in Unix ms.

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** The most unproven bytes of one socket: several objects share the 128 MB of an isolate. */
const MOST_BYTES = 16 * MIB;
/** The most unproven bytes of all sockets of an object together. */
const MOST_OF_ALL_BYTES = 24 * MIB;
/** Every session may have this much unproven, so that silent sessions do not lock it out. 1,000 of them are 24 MiB. */
const SHARE_BYTES = 24 * KIB;
/** A session is closed if envelopes are held back for it this long. The Rust relay waits as long. */
const PATIENCE_MS = 60_000;
/** A look at the mailbox reads a page of it, so there is at least this time between two looks. */
const SOONEST_MS = 250;
/** Other sessions that are heard make room, so there is a look now and then. */
const LOOK_MS = 1_000;

/** How fast a silent socket is given bytes. */
export interface Pace {
  /** Bytes at once. */
  readonly freeBytes: number;
  /** Then bytes a second. */
  readonly bytesPerSecond: number;
}

export const ORDINARY: Pace = { freeBytes: 8 * MIB, bytesPerSecond: 2 * MIB };
/** For a mailbox that was handed out three times in vain: full speed has failed, and may reset the whole isolate. */
export const WARY: Pace = { freeBytes: 256 * KIB, bytesPerSecond: 256 * KIB };

/** The bytes that a socket was given since its client was heard. */
export interface Unproven {
  readonly bytes: number;
  /** When the free bytes were used up. */
  readonly fullAt?: number | undefined;
  /** When the first envelope was held back. */
  readonly heldAt?: number | undefined;
}

/**
 * `deliver`: send it. `store`: hold it back, and look again at `again`; `isOwn` if the socket is at its own limit, not the
 * object at the limit of all. `evict`: close a session that does not read: this one, or, at the limit of all, the one with
 * most unproven bytes.
 */
export type Decision =
  | { readonly kind: 'deliver' }
  | { readonly kind: 'store'; readonly again: number; readonly isOwn: boolean }
  | { readonly kind: 'evict'; readonly whom: 'this' | 'largest' };

const DELIVER: Decision = { kind: 'deliver' };

/** Returns whether so many more bytes fit at any time. */
export function isFree(unprovenBytes: number, allBytes: number, bytes: number): boolean {
  return unprovenBytes + bytes <= ORDINARY.freeBytes && fitsAll(unprovenBytes, allBytes, bytes);
}

/**
 * Decides whether a socket is given `bytes`.
 * @param allBytes unproven bytes of all sockets of the object, with this one's
 */
export function decide(unproven: Unproven, allBytes: number, bytes: number, pace: Pace, now: number): Decision {
  const hasRoom = fitsOwn(unproven, bytes, limitAt(unproven, pace, now));
  if (hasRoom && fitsAll(unproven.bytes, allBytes, bytes)) return DELIVER;
  const over = (unproven.heldAt ?? now) + PATIENCE_MS;
  if (now >= over) return { kind: 'evict', whom: hasRoom ? 'largest' : 'this' };
  const again = hasRoom ? now + LOOK_MS : Math.max(now + SOONEST_MS, roomAt(unproven, bytes, pace, now));
  return { kind: 'store', again: Math.min(again, over), isOwn: !hasRoom };
}

/** Returns the state after `decide` said `deliver`, before the bytes are added. */
export function afterDeliver(unproven: Unproven, bytes: number, pace: Pace, now: number): Unproven {
  if (unproven.fullAt !== undefined || unproven.bytes + bytes <= pace.freeBytes) return unproven;
  return { ...unproven, fullAt: now };
}

/** Returns the state after `decide` said `store`. */
export function afterStore(unproven: Unproven, now: number): Unproven {
  return { ...unproven, fullAt: unproven.fullAt ?? now, heldAt: unproven.heldAt ?? now };
}

/** Returns how many bytes may be unproven at `now`. */
function limitAt({ fullAt }: Unproven, { freeBytes, bytesPerSecond }: Pace, now: number): number {
  const paced = fullAt === undefined ? 0 : (bytesPerSecond * Math.max(0, now - fullAt)) / 1000;
  return Math.min(MOST_BYTES, freeBytes + paced);
}

/** An envelope may be larger than every limit: then it goes alone. */
function fitsOwn({ bytes: before }: Unproven, bytes: number, limit: number): boolean {
  return before === 0 || before + bytes <= limit;
}

function fitsAll(unprovenBytes: number, allBytes: number, bytes: number): boolean {
  return allBytes + bytes <= MOST_OF_ALL_BYTES || unprovenBytes + bytes <= SHARE_BYTES;
}

/** Returns when the pace has room for so many bytes; infinity if only a sign of life makes room. */
function roomAt({ bytes: before, fullAt }: Unproven, bytes: number, pace: Pace, now: number): number {
  const needed = before + bytes;
  if (needed > MOST_BYTES) return Number.POSITIVE_INFINITY;
  return (fullAt ?? now) + Math.ceil(((needed - pace.freeBytes) / pace.bytesPerSecond) * 1000);
}
