import type { Outbox } from '../../../durable-objects/twin/send/outbox.ts';
import { type RoutedEnvelope, uidOf } from '../../../durable-objects/twin/send/routed-envelope.ts';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { capOf, givenTo, setRate } from '../../../workers/capped/cap.ts';
import { Random } from '../../simulate/world/random.ts';
import { type Receiver, RelayModel } from './relay-model.ts';
import { VirtualTime } from './virtual-time.ts';

const SERVICE = 7;
const FIRST_SENDER = 10_001;
/** From the service's object to the service and back, ms. */
const SERVICE_MS = 20;
/** Most envelopes in a frame of a custody session. */
const PACKED = 128;
/** Life of a request, ms. */
const LIFE_MS = 20_000;

/** What is measured, and how much of it. */
export interface VirtualOptions {
  readonly senders: number;
  /** Requests a second of each. */
  readonly rate: number;
  readonly seconds: number;
  /** Calls and frames a second that an object takes. */
  readonly cap: number;
  readonly seed: number;
  readonly isGathered: boolean;
  /** Whether the service packs its replies, or sends a frame each. */
  readonly packs: boolean;
}

/** The results; times in ms, counts by object from the beginning. */
export interface VirtualReport {
  readonly asked: number;
  readonly answered: number;
  /** Answers that came twice. */
  readonly repeated: number;
  /** Requests that were given to the service in another order than its sender's. */
  readonly disordered: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly times: readonly number[];
  readonly given: ReturnType<typeof givenTo>;
  /** Name of the service's object. */
  readonly service: string;
}

/** Lets many senders ask one service, in virtual time. The same seed gives the same results. */
export async function measureVirtually(options: VirtualOptions): Promise<VirtualReport> {
  const { senders, rate, seconds, cap, seed, isGathered, packs } = options;
  const time = new VirtualTime();
  const generator = new Random(seed);
  const random = () => generator.next();
  setRate(cap);
  const relay = new RelayModel(time, random, isGathered);
  const asked = new Map<string, number>();
  const last = new Map<string, number>();
  const refused: Record<string, number> = {};
  const seen = { answered: 0, repeated: 0, disordered: 0 };
  const times: number[] = [];
  const refuse = (why: string) => {
    refused[why] = (refused[why] ?? 0) + 1;
  };
  const envelope = (from: number, to: number, uid: string, isRequest: boolean): RoutedEnvelope => ({
    from: { twin: from, host: 'relay.example' },
    to: { twin: to },
    bytes: encodeEnvelope({ uid, timestamp: 0n, expiration: 0n, relays: [] }),
    isRequest,
    failFast: false,
    expiresAt: (time.now + LIFE_MS) / 1000,
    arrivedAt: time.now,
  });
  /** Requests of this moment, which the service gets in one frame. */
  let batch: string[] = [];
  const serve = async () => {
    const uids = batch;
    batch = [];
    await time.wait(SERVICE_MS);
    for (let first = 0; first < uids.length; first += packs ? PACKED : 1) {
      const frame = uids.slice(first, first + (packs ? PACKED : 1));
      const wait = capOf(String(SERVICE)).frame(time.now);
      void time.wait(wait).then(() => {
        for (const uid of frame) void service.append(envelope(SERVICE, Number(uid.split(' ')[0]), uid, false));
      });
    }
  };
  const service: Outbox = relay.join(SERVICE, {
    taken: (envelopes) => {
      for (const { bytes } of envelopes) {
        const uid = uidOf(bytes);
        const [sender = '', n] = uid.split(' ');
        if (Number(n) < (last.get(sender) ?? 0)) seen.disordered += 1;
        last.set(sender, Number(n));
        if (batch.length === 0) void time.wait(0).then(serve);
        batch.push(uid);
      }
    },
    refused: (_, reason) => refuse(`reply: ${reason}`),
  });
  const sender: Receiver = {
    taken: (envelopes) => {
      for (const { bytes } of envelopes) {
        const at = asked.get(uidOf(bytes));
        if (at === undefined) seen.repeated += 1;
        else times.push(time.now - at);
        asked.delete(uidOf(bytes));
        seen.answered += at === undefined ? 0 : 1;
      }
    },
    refused: ({ bytes }, reason) => {
      asked.delete(uidOf(bytes));
      refuse(reason);
    },
  };
  let count = 0;
  const ask = async (twin: number) => {
    const outbox = relay.join(twin, sender);
    await time.wait(random() * (1000 / rate));
    for (let n = 1; n <= rate * seconds; n += 1) {
      const uid = `${twin} ${n}`;
      asked.set(uid, time.now);
      count += 1;
      void outbox.append(envelope(twin, SERVICE, uid, true));
      await time.wait(1000 / rate);
    }
  };
  for (let n = 0; n < senders; n += 1) void ask(FIRST_SENDER + n);
  await time.pass(seconds * 1000 + 1000 + LIFE_MS);
  return { asked: count, ...seen, refused, times, given: givenTo(String(SERVICE)), service: String(SERVICE) };
}
