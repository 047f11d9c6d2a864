import { SILENT_MS } from '../../client/custody/kept.ts';
import { readAcceptance, type Window } from '../../proto/custody/acceptance.ts';
import { type CustodyFrame, decodeFrame, isCustodyFrame } from '../../proto/custody/frame.ts';
import { isAccepted } from '../../proto/custody/outcome.ts';
import { decodeEnvelope } from '../../proto/envelope/envelope.ts';
import { nameOf, type Oracle } from './oracle.ts';
import { keyOf } from './peer/envelopes.ts';
import type { Link, Tap } from './world/link.ts';
import type { World } from './world/world.ts';

/** An envelope without a receipt. */
interface Open {
  /** When it takes nothing of the window any more, ms. */
  until: number;
  readonly bytes: number;
  readonly key: string;
}

/** What one side has sent. */
interface Sent {
  /** The last sequence. */
  last: number;
  /** By sequence, without a receipt. */
  readonly open: Map<number, Open>;
  /** Envelopes whose receipt has left, by key. */
  readonly settled: Set<string>;
}

interface Watched {
  readonly link: Link;
  readonly window: Window;
  readonly up: Sent;
  /** By epoch: the relay’s memory may be lost under an open socket. */
  readonly down: Map<number, Sent>;
  epoch: number;
  /** The epoch that the client knows. */
  upEpoch: number;
}

/** Watches every frame of all custody sessions, from outside. */
export class Wire implements Tap {
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #watched = new Map<Link, Watched>();

  constructor(world: World, oracle: Oracle) {
    this.#world = world;
    this.#oracle = oracle;
  }

  /** Whether no side of an open connection waits for a receipt. */
  get isSettled(): boolean {
    return this.leftovers() === '';
  }

  /** Names the connections on which something has no receipt. */
  leftovers(): string {
    const texts: string[] = [];
    for (const { link, up, down, epoch } of this.#watched.values()) {
      if (link.isOver) {
        this.#watched.delete(link);
        continue;
      }
      const recent = this.#recent(up).length + this.#recent(down.get(epoch)).length;
      if (recent > 0) texts.push(`${link.name}: ${recent} without a receipt`);
    }
    return texts.join('; ');
  }

  up(link: Link, message: Uint8Array | string): void {
    const watched = this.#watched.get(link);
    const frame = this.#frameOf(link, message, watched);
    if (watched === undefined || frame === undefined) return;
    this.#world.note(() => `${link.name} up: ${textOf(frame)}`);
    if (frame.epoch !== watched.upEpoch) {
      // The client has learned that the relay forgot everything: it sends all of it again.
      watched.upEpoch = frame.epoch;
      for (const open of watched.up.open.values()) open.until = 0;
    }
    this.#send(link, watched.up, watched.window, frame);
    const sent = watched.down.get(frame.epoch);
    for (const { first, last } of frame.receipts) {
      if (last > (sent?.last ?? 0)) {
        this.#oracle.violate(`${link.name}: receipt ${first}–${last} of epoch ${frame.epoch} for what was never sent`);
      }
      for (let n = first; n <= last; n += 1) this.#receipted(link, sent, n, true);
    }
  }

  down(link: Link, message: Uint8Array | string): void {
    if (typeof message === 'string') {
      if (!message.startsWith('{')) return;
      const accepted = readAcceptance(message);
      if (accepted === undefined || this.#watched.has(link)) return;
      const { window, epoch } = accepted;
      this.#watched.set(link, { link, window, epoch, upEpoch: epoch, up: fresh(), down: new Map() });
      return;
    }
    const watched = this.#watched.get(link);
    const frame = this.#frameOf(link, message, watched);
    if (watched === undefined || frame === undefined) return;
    this.#world.note(() => `${link.name} down: ${textOf(frame)}`);
    let sent = watched.down.get(frame.epoch);
    if (sent === undefined) {
      sent = fresh();
      watched.down.set(frame.epoch, sent);
    }
    watched.epoch = frame.epoch;
    this.#send(link, sent, watched.window, frame);
    for (const { first, last, outcome } of frame.receipts) {
      if (last > watched.up.last)
        this.#oracle.violate(`${link.name}: receipt ${first}–${last} for what was never sent`);
      for (let n = first; n <= Math.min(last, watched.up.last); n += 1) {
        this.#receipted(link, watched.up, n, isAccepted(outcome) && outcome === 'delivered');
      }
    }
  }

  #frameOf(link: Link, message: Uint8Array | string, watched: Watched | undefined): CustodyFrame | undefined {
    if (typeof message === 'string' || !isCustodyFrame(message)) return undefined;
    const decoded = decodeFrame(message);
    if (!decoded.ok) this.#oracle.violate(`${link.name}: ${decoded.error}`);
    if (watched === undefined) this.#oracle.violate(`${link.name}: a custody frame without an acceptance`);
    return decoded.ok ? decoded.value : undefined;
  }

  #send(link: Link, sent: Sent, window: Window, { first, envelopes }: CustodyFrame): void {
    if (envelopes.length === 0) return;
    const { now } = this.#world;
    if (first !== sent.last + 1) this.#oracle.violate(`${link.name}: sequence ${first} follows ${sent.last}`);
    for (const [n, bytes] of envelopes.entries()) {
      const key = keyOfBytes(bytes);
      // A receipt that is under way settles it before its frame arrives.
      const until = sent.settled.has(key) ? 0 : Math.min(now + SILENT_MS, this.#oracle.endOf(partOf(bytes)));
      sent.open.set(first + n, { key, bytes: bytes.length, until });
      sent.last = first + n;
    }
    const open = this.#recent(sent);
    const bytes = open.reduce((sum, each) => sum + each.bytes, 0);
    const isOver = open.length > window.messages || (open.length > 1 && bytes > window.bytes);
    if (isOver) this.#oracle.violate(`${link.name}: ${open.length} envelopes, ${bytes} bytes are over the window`);
  }

  /** @param isDelivered whether the receipt says that the receiver has it */
  #receipted(link: Link, sent: Sent | undefined, sequence: number, isDelivered: boolean): void {
    const open = sent?.open.get(sequence);
    if (open === undefined) return;
    sent?.settled.add(open.key);
    // An envelope that was sent again under another sequence has its end as well.
    for (const [each, { key }] of sent?.open ?? []) if (key === open.key) sent?.open.delete(each);
    if (isDelivered && !this.#oracle.isTaken(open.key)) {
      this.#oracle.violate(`${link.name}: ${open.key} has the receipt 'delivered', and its receiver does not have it`);
    }
  }

  /** What may still get a receipt. */
  #recent(sent: Sent | undefined): { readonly bytes: number }[] {
    return [...(sent?.open.values() ?? [])].filter(({ until }) => this.#world.now < until);
  }
}

function fresh(): Sent {
  return { last: 0, open: new Map(), settled: new Set() };
}

/** Returns the name of the part that an envelope belongs to. */
function partOf(bytes: Uint8Array): string {
  const decoded = decodeEnvelope(bytes);
  if (!decoded.ok) return '';
  const { uid, source, destination, content } = decoded.value;
  return nameOf(uid, (content?.kind === 'request' ? destination : source)?.twin ?? 0);
}

function keyOfBytes(bytes: Uint8Array): string {
  const decoded = decodeEnvelope(bytes);
  return decoded.ok ? keyOf(decoded.value) : 'no envelope';
}

/** Describes a frame in a trace. */
function textOf({ epoch, isUrgent, receipts, first, envelopes }: CustodyFrame): string {
  const data = envelopes.map((bytes, n) => `#${first + n} ${keyOfBytes(bytes)}`);
  const given = receipts.map(
    ({ first: from, last, outcome }) => `receipt ${from === last ? from : `${from}–${last}`} ${outcome}`,
  );
  return `[${(epoch & 0xffff).toString(16)}${isUrgent ? ', urgent' : ''}] ${[...data, ...given].join(', ')}`;
}
