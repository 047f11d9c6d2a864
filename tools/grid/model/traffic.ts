import { add, exceeds, minuteOf, type RateWindow } from '../../../durable-objects/twin/limits/rate-window.ts';
import { INPUTS } from '../inputs.ts';
import { PRODUCT } from '../product.ts';
import { wayMs } from './distance.ts';
import { EVENT_MS } from './place.ts';
import { Replies } from './replies.ts';
import { giveReceipt, type Visit } from './requests.ts';
import type { Twin } from './twin.ts';
import type { World } from './world.ts';

/** A poller's state, at its client and at its object. */
interface Sending {
  /** Not sent yet. */
  readonly waiting: Visit[];
  /** Requests that were sent, and have no receipt. */
  inWindow: number;
  window: RateWindow | undefined;
  inOutbox: number;
  mostInOutbox: number;
  mostInMinute: number;
}

/** Carries requests of pollers through two objects to nodes. */
export class Traffic {
  readonly #world: World;
  readonly #twins: readonly Twin[];
  readonly #replies: Replies;
  readonly #sending = new Map<number, Sending>();

  /** @param twins by place: visits name them by it */
  constructor(world: World, twins: readonly Twin[]) {
    this.#world = world;
    this.#twins = twins;
    this.#replies = new Replies(world);
  }

  /** Returns the fullest outbox, and the most messages that a poller sent in a minute of the clock. */
  get most(): { readonly inOutbox: number; readonly inMinute: number } {
    const all = [...this.#sending.values()];
    return {
      inOutbox: Math.max(0, ...all.map(({ mostInOutbox }) => mostInOutbox)),
      inMinute: Math.max(0, ...all.map(({ mostInMinute }) => mostInMinute)),
    };
  }

  /** A poller asks nodes. Its client keeps requests while it is not connected, or its window is full. */
  ask(poller: Twin, visits: readonly Visit[]): void {
    const [visit] = visits;
    if (visit === undefined) return;
    const sending = this.#stateOf(visit.poller);
    if (sending.waiting.length === 0 && !poller.isConnected) poller.whenConnected(() => this.#pump(poller, sending));
    sending.waiting.push(...visits);
    this.#pump(poller, sending);
  }

  /** Sends the pending requests, in full frames, as far as the window goes. It drops what has expired. */
  #pump(poller: Twin, sending: Sending): void {
    const { now, requests, agenda } = this.#world;
    while (poller.isConnected && sending.waiting.length > 0) {
      const frame: Visit[] = [];
      let size = 0;
      for (let next = sending.waiting[0]; next !== undefined; next = sending.waiting[0]) {
        const isOver = now >= next.expiresAt;
        const isFull = size + next.size > PRODUCT.mostEnvelopesInFrame || sending.inWindow + next.size > PRODUCT.window;
        if (isFull && !isOver) break;
        sending.waiting.shift();
        if (isOver) {
          requests.end(next, 'time over', next.open, now);
          continue;
        }
        const visit = next;
        visit.onReceipt = () => {
          sending.inWindow -= visit.size;
          this.#pump(poller, sending);
        };
        sending.inWindow += visit.size;
        size += visit.size;
        frame.push(visit);
      }
      if (frame.length === 0) return;
      agenda.at(now + INPUTS.network.clientMs, () => this.#arrive(poller, frame));
    }
  }

  #arrive(poller: Twin, visits: readonly Visit[]): void {
    const world = this.#world;
    const handledAt = poller.place.frame(world.now);
    world.billed.frames += 1;
    world.agenda.at(handledAt, () => {
      for (const visit of visits) this.#admit(poller, visit, visit.open, 0);
    });
  }

  /** The rate limit and the outbox of the poller's object. */
  #admit(poller: Twin, visit: Visit, count: number, refusals: number): void {
    const { requests, now, setup } = this.#world;
    const sending = this.#stateOf(visit.poller);
    if (now >= visit.expiresAt) {
      requests.end(visit, 'time over', count, now);
      return;
    }
    let admitted = 0;
    for (let n = 0; n < count; n += 1) {
      sending.window = add(sending.window, minuteOf(now), 1, INPUTS.fleet.bytes);
      if (!exceeds(sending.window, setup.rateLimit)) admitted += 1;
    }
    sending.mostInMinute = Math.max(sending.mostInMinute, sending.window?.messages ?? 0);
    if (admitted < count) requests.end(visit, 'rate-limited', count - admitted, now);
    poller.counted(count);
    const room = Math.max(0, PRODUCT.outboxMessages - sending.inOutbox);
    if (admitted > room) requests.end(visit, 'outbox-full', admitted - room, now);
    const going = Math.min(admitted, room);
    if (going === 0) return;
    sending.inOutbox += going;
    sending.mostInOutbox = Math.max(sending.mostInOutbox, sending.inOutbox);
    const node = this.#twin(visit.node);
    poller.find(node.id, (isFound) => {
      if (isFound) return this.#call(poller, node, visit, going, refusals, now);
      sending.inOutbox -= going;
      requests.end(visit, 'unreachable twin', going, this.#world.now);
    });
  }

  /** The call to the node's object. @param since when the frame was handled, ms */
  #call(poller: Twin, node: Twin, visit: Visit, count: number, refusals: number, since: number): void {
    const world = this.#world;
    const { agenda, billed, requests } = world;
    const way = wayMs(poller.region, node.region);
    const sending = this.#stateOf(visit.poller);
    billed.calls += 1;
    agenda.at(world.now + way, () => {
      const handledAt = node.place.call(world.now);
      const backAt = (handledAt ?? world.now) + way;
      const isHanded = handledAt !== undefined && node.isConnected;
      poller.place.awake(since, backAt + EVENT_MS);
      agenda.at(backAt, () => {
        sending.inOutbox -= count;
        // A mailbox gives receipts with its answer, a node with its first reply.
        if (!isHanded) giveReceipt(visit);
        if (handledAt !== undefined) return;
        world.again(visit, count, refusals, () => this.#admit(poller, visit, count, refusals + 1));
      });
      if (handledAt === undefined) return;
      node.place.awake(handledAt, handledAt + EVENT_MS);
      node.counted(count);
      billed.messages += count;
      const run = () =>
        agenda.at(world.now + INPUTS.network.clientMs, () => this.#replies.serve(poller, node, visit, count));
      if (!node.hand(count, run)) requests.end(visit, 'mailbox-full', count, world.now);
    });
  }

  #stateOf(poller: number): Sending {
    const state = this.#sending.get(poller) ?? {
      waiting: [],
      inWindow: 0,
      window: undefined,
      inOutbox: 0,
      mostInOutbox: 0,
      mostInMinute: 0,
    };
    this.#sending.set(poller, state);
    return state;
  }

  #twin(place: number): Twin {
    const twin = this.#twins[place];
    if (twin === undefined) throw new Error(`no twin at place ${place}`);
    return twin;
  }
}
