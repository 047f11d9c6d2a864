import type { Batch, BatchEnvelope, GatheredAnswer, Verdict } from '../../../durable-objects/contract.ts';
import { takeAll } from '../../../durable-objects/twin/gather/gathered.ts';
import { gathererName } from '../../../durable-objects/twin/gather/gatherer-name.ts';
import { Gathering } from '../../../durable-objects/twin/gather/gathering.ts';
import { decodeBatch } from '../../../durable-objects/twin/receive/batch.ts';
import { Directory } from '../../../durable-objects/twin/send/directory.ts';
import { Dispatcher } from '../../../durable-objects/twin/send/dispatch.ts';
import { Outbox } from '../../../durable-objects/twin/send/outbox.ts';
import { Receivers } from '../../../durable-objects/twin/send/receivers.ts';
import type { RoutedEnvelope } from '../../../durable-objects/twin/send/routed-envelope.ts';
import { capOf } from '../../../workers/capped/cap.ts';
import type { VirtualTime } from './virtual-time.ts';

// The sending half of the product's own objects, their gatherers and caps, in virtual time. Only sockets, storage and the
// resolver are left out: nothing is stored, and every twin is connected.

/** From one object to another, ms. */
const WAY_MS = 5;
const HOST = 'relay.example';

/** Receives what an object's session gets. */
export interface Receiver {
  taken(envelopes: readonly BatchEnvelope[]): void;
  refused(envelope: Pick<RoutedEnvelope, 'bytes'>, reason: string): void;
}

/** Objects of twins, by id. */
export class RelayModel {
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #isGathered: boolean;
  readonly #receivers = new Map<number, Receiver>();
  readonly #gatherers = new Map<string, Gathering>();

  /** @param isGathered whether senders have gatherers */
  constructor(time: VirtualTime, random: () => number, isGathered: boolean) {
    this.#time = time;
    this.#random = random;
    this.#isGathered = isGathered;
  }

  /** Adds the object of a twin. Returns its outbox. */
  join(twin: number, receiver: Receiver): Outbox {
    this.#receivers.set(twin, receiver);
    const [host, random] = [this.#host(), this.#random];
    const receivers = new Receivers({
      host,
      random,
      hasObject: async () => true,
      object: (id) => ({
        deliver: (batch) => this.#call(String(id), () => this.#take(id, batch)),
        receipts: async () => undefined,
        line: async () => ({
          deliver: (batch) => this.#call(String(id), () => this.#take(id, batch)),
          [Symbol.dispose]: () => undefined,
        }),
      }),
      ...(this.#isGathered && {
        gatherer: (id) => ({
          gather: (_, batch) => this.#gather(id, twin, batch),
        }),
      }),
    });
    const refusals = {
      refuse: (envelope: Pick<RoutedEnvelope, 'bytes'>, reason: string) => receiver.refused(envelope, reason),
    };
    const found = (id: number) => ({ found: { id, account: new Uint8Array(32), relay: HOST, pk: null } });
    const dispatcher = new Dispatcher({
      host,
      directory: new Directory({ lookup: async (id) => found(id) }, [HOST], host.now),
      receiver: (id) => receivers.of(id),
      refusals,
      custody: { tell: () => undefined },
      count: () => undefined,
      reporter: { delivered: () => undefined },
      federation: {
        absence: { has: () => false, note: () => undefined },
        elsewhere: () => 'none',
        accept: async (_, envelopes) => envelopes.map((envelope) => ({ envelope, reason: 'undelivered' as const })),
      },
    });
    return new Outbox({ host, random, dispatcher, refusals });
  }

  #host() {
    return {
      now: () => this.#time.now,
      wait: (ms: number) => this.#time.wait(ms),
      background: (work: Promise<void>) => void work,
    };
  }

  /** A call between two objects, there and back. */
  async #call<T>(object: string, run: () => T): Promise<Awaited<T>> {
    await this.#time.wait(WAY_MS);
    try {
      capOf(object).call(this.#time.now);
      return await run();
    } finally {
      await this.#time.wait(WAY_MS);
    }
  }

  #take(twin: number, batch: Batch): Verdict {
    this.#receivers.get(twin)?.taken(decodeBatch(batch));
    return 'sent';
  }

  #gather(twin: number, sender: number, batch: Batch) {
    const name = gathererName(twin, sender);
    return this.#call(name, () => this.#gatherer(name, twin).gather(batch));
  }

  #gatherer(name: string, twin: number): Gathering {
    let gatherer = this.#gatherers.get(name);
    if (gatherer === undefined) {
      gatherer = new Gathering({
        host: this.#host(),
        random: this.#random,
        bring: (batches) =>
          this.#call<Promise<GatheredAnswer[]>>(String(twin), () =>
            takeAll(batches, async (each) => this.#take(twin, each)),
          ),
      });
      this.#gatherers.set(name, gatherer);
    }
    return gatherer;
  }
}
