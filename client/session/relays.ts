import type { Window } from '../../proto/custody/acceptance.ts';
import { isAccepted, isPassing } from '../../proto/custody/outcome.ts';
import type { Receipt } from '../../proto/custody/receipts.ts';
import type { KeptEnvelope } from '../custody/envelope.ts';
import { type Ended, Kept, REST_MS, SILENT_MS } from '../custody/kept.ts';
import { destinationOf, isRequest } from '../custody/kind.ts';
import { Pauses } from '../custody/pauses.ts';
import type { CustodyReports, CustodyWay } from '../custody/session.ts';
import { WrittenLately } from '../custody/written-lately.ts';
import { type PeerFault, tooLarge } from '../errors.ts';
import type { Count, CustodyEnd, Handover, Uplink } from '../ports.ts';
import { unsent } from '../sending/handover.ts';
import { Room } from '../sending/room.ts';
import type { SizeLimit } from './large-frames.ts';

/** Between two looks at what is kept, ms: a look takes longer the more is kept. */
const LOOK_MS = 100;

/** A relay, as far as sending needs it. */
export interface Relay {
  /** host[:port] */
  readonly name: string;
  readonly isOpen: boolean;
  /** Whether the relay has not taken earlier frames yet. */
  readonly isSlow: boolean;
  /** Largest envelope that the relay takes; undefined until it has refused one. */
  readonly limit: SizeLimit | undefined;
  /** Its custody session; undefined at a plain relay. */
  readonly custody?: CustodyWay | undefined;
  /** Hands a frame to a plain relay’s socket. Returns false if there is none, or it broke. */
  send(frame: Uint8Array): Promise<boolean>;
}

/** Reports of sending. */
export interface RelaysPort {
  readonly count: Count;
  /** Returns whether an envelope that a torn socket may have lost is sent again. Never rejects. */
  isWorthRepeating(bytes: Uint8Array): Promise<boolean>;
  /** Envelopes came into custody, left it, or wait for room. */
  onKept?(): void;
}

/** The sender of an envelope, who waits. */
interface Sender {
  isHanded: boolean;
  /** Relays whose sockets broke with this envelope, since the last connection. */
  readonly tried: Set<Relay>;
  /** Resolves once. */
  handed(handover: Handover | PeerFault): void;
  ended(end: CustodyEnd): void;
  readonly custody: Promise<CustodyEnd>;
}
type Own = KeptEnvelope<Way, Sender>;
/** A custody session, or a plain relay. */
type Way = { readonly name: string };

const SILENT_PORT: RelaysPort = { count: () => undefined, isWorthRepeating: async () => false };

/**
 * Hands envelopes to relays, and keeps each until its custody ends. The relay that worked last comes first. Without a
 * connection, or with full windows, an envelope waits until its deadline.
 */
export class Relays implements Uplink, CustodyReports {
  readonly #port: RelaysPort;
  readonly #kept: Kept<Way, Sender>;
  readonly #pauses: Pauses;
  readonly #room = new Room((bytes) => this.#kept.hasRoom(bytes));
  readonly #lately = new Map<Relay, WrittenLately>();
  #relays: readonly Relay[];
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer ends, ms. */
  #lookAt = Number.POSITIVE_INFINITY;

  /** @param random returns a number from 0 to 1, for pauses; absent: none is longer than it must be */
  constructor(relays: readonly Relay[], port = SILENT_PORT, random = () => 0) {
    this.#relays = relays;
    this.#port = port;
    this.#kept = new Kept(isRequest, undefined, random);
    this.#pauses = new Pauses(random);
  }

  /** Number of envelopes without a receipt, with those that wait for a relay. */
  get kept(): number {
    return this.#kept.size;
  }

  /** Whether senders wait because no more envelopes are kept. */
  get isFull(): boolean {
    return this.#room.isAwaited;
  }

  /** @param deadline Unix ms */
  async send(bytes: Uint8Array, deadline: number): Promise<Handover | PeerFault> {
    if (!this.#relays.some((relay) => takes(relay, bytes))) return this.#tooLarge(bytes.length);
    const handed = Promise.withResolvers<Handover | PeerFault>();
    const until = performance.now() + (deadline - Date.now());
    const entering = this.#room.enter(bytes.length, until, () => this.#add(bytes, until, handed.resolve));
    this.#port.onKept?.();
    const why = await entering;
    if (why === 'entered') return handed.promise;
    this.#port.onKept?.();
    return unsent(why);
  }

  /** A relay refused a request because this twin's object is overloaded: what is for the twin waits so many seconds. */
  pause(twin: number, seconds: number): void {
    this.#pauses.pause(twin, seconds, performance.now());
  }

  /** A relay has connected: waiting messages try again. */
  wake(): void {
    for (const { note } of this.#kept.waiting()) note.tried.clear();
    this.#pump();
  }

  /** A custody session began; `wake` follows. */
  opened(way: CustodyWay, window: Window): void {
    this.#kept.open(way, window);
  }

  /** A custody session gives receipts. @param lostBefore set if its relay has lost its memory of earlier sequences since */
  receive(way: CustodyWay, receipts: readonly Receipt[], lostBefore?: number): void {
    const now = performance.now();
    this.#settle(this.#kept.receive(way, receipts, now));
    if (receipts.some(({ outcome }) => isPassing(outcome))) this.#lookBy(now + REST_MS);
    // Before anything fills the room that the receipts made: it would be sent twice.
    if (lostBefore !== undefined) this.#kept.restarted(way, lostBefore);
    this.#pump();
  }

  /** A custody session ended. */
  lost(way: CustodyWay): void {
    this.#kept.lost(way);
    this.#pump();
  }

  /** Number of envelopes of a custody session without a receipt. */
  without(way: CustodyWay): number {
    return this.#kept.without(way);
  }

  /** A plain relay’s socket ended. @param isTorn without a close frame: it may have lost what it took */
  ended(relay: Relay, isTorn: boolean): void {
    const written = this.#lately.get(relay)?.ended(isTorn, performance.now()) ?? [];
    for (const { bytes, deadline } of written) void this.#repeat(bytes, deadline);
  }

  /** Gives up every message that waits for a relay, now and later. */
  close(): void {
    this.#isClosed = true;
    this.#room.close();
    this.#settle(this.#kept.closeFresh());
  }

  /** Gives up every message. */
  end(): void {
    this.close();
    this.#settle(this.#kept.closeAll());
    clearTimeout(this.#timer);
  }

  #add(bytes: Uint8Array, deadline: number, handed: Sender['handed']): void {
    const { promise: custody, resolve: ended } = Promise.withResolvers<CustodyEnd>();
    const sender: Sender = { isHanded: false, tried: new Set(), handed, ended, custody };
    this.#kept.add(bytes, deadline, sender);
    this.#lookBy(Math.min(deadline, performance.now() + SILENT_MS));
    this.#pump();
  }

  async #repeat(bytes: Uint8Array, deadline: number): Promise<void> {
    if (!(await this.#port.isWorthRepeating(bytes)) || this.#isClosed || !this.#kept.hasRoom(bytes.length)) return;
    const custody = new Promise<never>(() => undefined);
    const nobody = { isHanded: true, handed: () => undefined, ended: () => undefined, custody };
    this.#kept.add(bytes, deadline, { ...nobody, tried: new Set() }, 'plain');
    this.#lookBy(deadline);
    this.#pump();
  }

  /** Hands over waiting envelopes, in order, until no relay takes the next one. */
  #pump(): void {
    for (const envelope of this.#kept.waiting()) {
      const { bytes, note, deadline } = envelope;
      if (performance.now() >= deadline) {
        // Its sender may know already: it must not leave any more.
        this.#settle([this.#kept.end(envelope, 'late')]);
        continue;
      }
      if (!this.#relays.some((relay) => takes(relay, bytes))) {
        this.#refuse(envelope);
        continue;
      }
      const open = this.#inOrder().filter((relay) => relay.isOpen);
      if (open.length === 0) return;
      if (this.#isPaused(bytes)) continue;
      const takers = open.filter((relay) => takes(relay, bytes) && !note.tried.has(relay));
      const relay = takers.find(({ custody }) => custody === undefined || this.#kept.fits(custody, envelope));
      if (relay !== undefined) this.#hand(envelope, relay);
      // Its windows are full: later envelopes must not overtake it.
      else if (takers.length > 0) return;
    }
  }

  /** Returns whether the destination of an envelope pauses. Then the end of the pause is looked at. */
  #isPaused(bytes: Uint8Array): boolean {
    if (this.#pauses.isEmpty) return false;
    const until = this.#pauses.until(destinationOf(bytes) ?? 0, performance.now());
    if (until !== undefined) this.#lookBy(until);
    return until !== undefined;
  }

  #hand(envelope: Own, relay: Relay): void {
    const { custody } = relay;
    if (envelope.again !== undefined) this.#port.count('envelope-resent', envelope.again);
    if (custody === undefined) return void this.#write(envelope, relay);
    const now = performance.now();
    const sequence = this.#kept.hand(envelope, custody, now);
    custody.write(sequence, envelope.bytes);
    // It may have waited for a connection so long that nobody looks at it before its deadline.
    this.#lookBy(now + SILENT_MS);
    this.#handed(envelope, relay);
  }

  async #write(envelope: Own, relay: Relay): Promise<void> {
    const { bytes, deadline, note } = envelope;
    this.#kept.handPlain(envelope);
    if (await relay.send(bytes)) {
      const lately = this.#lately.get(relay) ?? new WrittenLately();
      this.#lately.set(relay, lately);
      lately.add(bytes, deadline, performance.now());
      this.#handed(envelope, relay);
      this.#settle([this.#kept.end(envelope, 'handed', relay)]);
    } else {
      note.tried.add(relay);
      this.#kept.back(envelope);
      if (this.#isClosed && !note.isHanded) this.#settle([this.#kept.end(envelope, 'closed')]);
      this.#pump();
    }
  }

  #handed({ note }: Own, relay: Relay): void {
    if (relay !== this.#relays[0]) this.#relays = [relay, ...this.#relays.filter((each) => each !== relay)];
    note.isHanded = true;
    note.handed({ sent: 'sent', custody: note.custody });
  }

  /** Every relay has refused an envelope of this size. */
  #refuse(envelope: Own): void {
    envelope.note.handed(this.#tooLarge(envelope.bytes.length));
    this.#settle([this.#kept.end(envelope, 'rejected-size')]);
  }

  #settle(ended: readonly (Ended<Way, Sender> | undefined)[]): void {
    for (const end of ended) {
      if (end === undefined) continue;
      const { envelope, outcome, way } = end;
      const { note } = envelope;
      if (outcome === 'late' || outcome === 'closed') {
        if (note.isHanded && outcome === 'late') this.#port.count('custody-late');
        note.handed(unsent(outcome));
      } else if (!isAccepted(outcome)) this.#port.count('custody-refused', outcome);
      note.ended({ outcome, relay: way?.name });
    }
    this.#room.look();
    this.#port.onKept?.();
  }

  #look(): void {
    this.#lookAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    this.#settle(this.#kept.time(now));
    this.#pump();
    const next = this.#kept.nextAt();
    if (next !== undefined) this.#lookBy(Math.max(next, now + LOOK_MS));
  }

  /** Looks at what is kept at this time, ms, if not before. */
  #lookBy(at: number): void {
    if (at >= this.#lookAt) return;
    clearTimeout(this.#timer);
    this.#lookAt = at;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, Math.ceil(at - performance.now())));
  }

  #tooLarge(size: number): PeerFault {
    const limits = this.#relays.flatMap(({ limit }) => limit ?? []);
    const most = limits.reduce((a, b) => (b.bytes > a.bytes ? b : a));
    return tooLarge(size, most.isNamed ? most.bytes : undefined);
  }

  /** A relay that is stuck must not hold up messages that another would take. */
  #inOrder(): readonly Relay[] {
    if (this.#relays.every(({ isSlow }) => !isSlow)) return this.#relays;
    return [...this.#relays.filter(({ isSlow }) => !isSlow), ...this.#relays.filter(({ isSlow }) => isSlow)];
  }
}

function takes({ limit }: Relay, frame: Uint8Array): boolean {
  return limit === undefined || frame.length <= limit.bytes;
}
