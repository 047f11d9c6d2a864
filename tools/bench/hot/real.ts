import { z } from 'zod';
import { startDevChain } from '../../dev-chain/dev-chain.ts';
import { startRelay } from '../../local-relay/relay.ts';
import { entriesOf, join, joinAll, type Member } from './fleet.ts';
import { Load } from './load.ts';
import { bundleOf, type Variant } from './variants.ts';

/** How much is measured. */
export interface RealOptions {
  readonly senders: number;
  /** Requests a second of each. */
  readonly rate: number;
  /** Calls and frames a second that an object takes. */
  readonly cap: number;
  readonly seconds: number;
}

/** No sender's id begins so: its gatherers are found by the beginning of their names. */
const SERVICE = 7;
const FIRST_SENDER = 10_001;
/** After this the senders' objects have gone from the first rejections to their gatherers. */
const WARM_SECONDS = 5;

const count = z.number();
const given = z.record(z.string(), z.object({ calls: count, rejected: count, frames: count, longestWait: count }));

/** Lets many senders ask one service on workerd, and prints what became of their requests. */
export async function measureReally(variant: Variant, { senders, rate, cap, seconds }: RealOptions): Promise<void> {
  const twins = Array.from({ length: senders }, (_, n) => FIRST_SENDER + n);
  await using stack = new AsyncDisposableStack();
  const chain = stack.use(await startDevChain({ twins: await entriesOf([SERVICE, ...twins]) }));
  const settings = { SUBSTRATE_URLS: chain.wsUrl, RELAY_DOMAINS: 'localhost' };
  const relay = stack.use(await startRelay({ settings, direct: true, bundle: () => bundleOf(variant) }));
  let load = new Load(SERVICE);
  const service: Member = await join(relay.wsUrl, SERVICE, variant.packs, (each) => load.serve(service, each));
  // Without custody nobody repeats a message: what the relay loses shows.
  const members = await joinAll(twins, (twin) => join(relay.wsUrl, twin, false, (each) => load.take(each)));
  stack.defer(() => Promise.all([service, ...members].map(({ session }) => session.close())).then(() => undefined));
  const capped = async (method: 'GET' | 'PUT') =>
    given.parse(await (await fetch(`${relay.httpUrl}/cap?rate=${cap}&objects=${SERVICE}`, { method })).json());
  await capped('PUT');
  await load.run(members, rate, WARM_SECONDS);
  await load.settle();
  const warm = load;
  load = new Load(SERVICE);
  await capped('PUT');
  await load.run(members, rate, seconds);
  const openAtEnd = load.open;
  const used = await capped('GET');
  await load.settle();
  console.log(`${variant.name}`);
  console.log(`  first ${WARM_SECONDS} s: ${fateOf(warm)}`);
  console.log(`  then:      ${fateOf(load)}; ${openAtEnd} open when the last was asked`);
  for (const line of linesOf(load, used, seconds)) console.log(`  ${line}`);
  const again = [service, ...members].reduce((sum, { seen }) => sum + seen.connections - 1, 0);
  if (again > 0)
    console.log(`  not to be trusted: ${again} sessions broke, ${service.seen.connections - 1} of them the service's`);
}

function fateOf({ tally: { asked, answered, errors }, open }: Load): string {
  const refused = [...errors].map(([text, times]) => `${times} × "${text}"`).join(', ');
  return `${asked} asked, ${answered} answered (${((100 * answered) / asked).toFixed(1)} %), ${open} without an answer${refused === '' ? '' : `, ${refused}`}`;
}

function linesOf({ tally }: Load, used: z.infer<typeof given>, seconds: number): string[] {
  const times = tally.times.toSorted((a, b) => a - b);
  const part = (share: number) => (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(0);
  const { [String(SERVICE)]: hot, ...gatherers } = used;
  const calls = Object.values(gatherers).map((each) => each.calls);
  const perSecond = (events = 0) => (events / seconds).toFixed(0);
  const all = calls.reduce((sum, each) => sum + each, 0);
  const perMessage = (((hot?.calls ?? 0) + all) / tally.asked).toFixed(2);
  return [
    `answers: p50 ${part(0.5)} ms, p99 ${part(0.99)} ms; the service got ${tally.served} requests`,
    `the service's object: ${perSecond(hot?.calls)} calls/s (${perSecond(hot?.rejected)} rejected), ${perSecond(hot?.frames)} frames/s, a frame waited ${(hot?.longestWait ?? 0).toFixed(0)} ms at most`,
    `${calls.length} gatherers: ${perSecond(Math.max(0, ...calls))} calls/s at most; ${perMessage} calls for each request in all`,
  ];
}
