import { INPUTS } from '../inputs.ts';
import { PRODUCT } from '../product.ts';
import { wayMs } from './distance.ts';
import { EVENT_MS } from './place.ts';
import { giveReceipt, type Visit } from './requests.ts';
import type { Twin } from './twin.ts';
import type { World } from './world.ts';

/** Carries replies of nodes through two objects back to pollers. */
export class Replies {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** The node's client has the requests. It answers each command when it is done. Replies that find a call under way share the next one. */
  serve(poller: Twin, node: Twin, visit: Visit, count: number): void {
    const { random, now, requests, agenda } = this.#world;
    if (now >= visit.expiresAt) {
      requests.end(visit, 'time over', count, now);
      return;
    }
    const times = Array.from({ length: count }, () => now - Math.log(1 - random.next()) * INPUTS.fleet.serviceMs);
    times.sort((a, b) => a - b);
    const callMs = 2 * wayMs(node.region, poller.region);
    let freeAt = now;
    for (let first = 0; first < count; ) {
      const leavesAt = Math.max(times[first] ?? now, freeAt);
      let next = first + 1;
      while (next < count && (times[next] ?? now) <= leavesAt) next += 1;
      const replies = next - first;
      agenda.at(leavesAt, () => this.#reply(poller, node, visit, replies, 0));
      freeAt = leavesAt + callMs;
      first = next;
    }
  }

  #reply(poller: Twin, node: Twin, visit: Visit, count: number, refusals: number): void {
    const world = this.#world;
    const { agenda, billed } = world;
    const arrive = () => {
      let handledAt = world.now;
      for (let n = 0; n < count; n += 1) handledAt = node.place.frame(world.now);
      billed.frames += count;
      node.counted(count);
      node.find(poller.id, (isFound) => {
        if (isFound) return this.#callBack(poller, node, visit, count, refusals, handledAt);
        world.again(visit, count, refusals, () => this.#reply(poller, node, visit, count, refusals + 1));
      });
    };
    node.whenConnected(() => agenda.at(world.now + INPUTS.network.clientMs, arrive));
  }

  #callBack(poller: Twin, node: Twin, visit: Visit, count: number, refusals: number, since: number): void {
    const world = this.#world;
    const { agenda, billed, requests } = world;
    const way = wayMs(node.region, poller.region);
    billed.calls += 1;
    agenda.at(world.now + way, () => {
      const handledAt = poller.place.call(world.now);
      const backAt = (handledAt ?? world.now) + way;
      node.place.awake(since, backAt + EVENT_MS);
      if (handledAt === undefined) {
        agenda.at(backAt + INPUTS.network.clientMs, () =>
          world.again(visit, count, refusals, () => this.#reply(poller, node, visit, count, refusals + 1)),
        );
        return;
      }
      poller.place.awake(handledAt, handledAt + EVENT_MS);
      // The receipts of the requests ride on the first reply.
      if (visit.onReceipt !== undefined) agenda.at(handledAt + INPUTS.network.clientMs, () => giveReceipt(visit));
      poller.counted(count);
      billed.messages += count;
      const run = () =>
        agenda.at(handledAt + INPUTS.network.clientMs, () => this.#answered(poller, node, visit, count));
      if (!poller.hand(count, run)) requests.end(visit, 'mailbox-full', count, world.now);
    });
  }

  /**
   * The answer is there. Its receipt goes back to the node's object by a call of its own, as no request goes there now. It
   * waits for those of the other answers.
   */
  #answered(poller: Twin, node: Twin, visit: Visit, count: number): void {
    const { requests, now, billed, agenda } = this.#world;
    requests.end(visit, now >= visit.expiresAt ? 'time over' : 'answered', count, now);
    if (now < visit.receiptAt) return;
    visit.receiptAt = now + PRODUCT.receiptMs;
    billed.calls += 1;
    agenda.at(visit.receiptAt + wayMs(poller.region, node.region), () => {
      const handledAt = node.place.call(this.#world.now);
      if (handledAt !== undefined) node.place.awake(handledAt, handledAt + EVENT_MS);
    });
  }
}
