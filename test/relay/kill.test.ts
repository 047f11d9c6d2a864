import { expect, it } from 'vitest';
import { startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { devEntries } from '../../tools/dev-chain/ledger/twin-entry.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { type Client, connectAs } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { type KillableRelay, startKillableRelay } from '../rig/relay/killable-relay.ts';

/** A relay that is killed, as by kill -9, in the middle of its work: what it had stored is there, in order. */

const ROUND = 1500;
const ROUNDS = 4;
/** A lone source may fill half of a mailbox. */
const ROOMY = { MAILBOX_MAX_MESSAGES: '20000' };

interface World extends AsyncDisposable {
  readonly relay: KillableRelay;
  join(twin: number): Promise<Client>;
}

async function startWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const chain = stack.use(await startDevChain({ blockTimeMs: 1000 }));
  const relay = stack.use(await startKillableRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl, ...ROOMY } }));
  for (const entry of await devEntries()) chain.putTwin({ ...entry, relay: `localhost:${relay.port}` });
  const owned = stack.move();
  return {
    relay,
    join: async (twin) => connectAs(relay.wsUrl, twin, await identityOfTwin(twin)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Sends twin 2, who is away, messages with these numbers. */
function send(sender: Client, from: number, count: number): void {
  for (let n = from; n < from + count; n += 1)
    sender.send(request({ twin: 1 }, { twin: 2 }, { uid: `${n}`, expiration: 3600n }));
}

/** Resolves when the relay has dealt with all that was sent before: before it answers, it has written. */
async function accepted(sender: Client): Promise<void> {
  const marker = request({ twin: 1 }, { twin: 2, connection: 'nobody' }, { tags: 'fail-fast' });
  sender.send(marker);
  expect((await sender.next()).uid).toBe(marker.uid);
}

/** The numbers that come, until `last` is among them or so many have come. */
async function take(receiver: Client, last: number, most = Number.POSITIVE_INFINITY): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < most && numbers.at(-1) !== last) numbers.push(Number((await receiver.next()).uid));
  return numbers;
}

/** from, from + 1, … */
const run = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

it('a relay that is killed while it stores delivers each accepted message once and in order', async () => {
  await using world = await startWorld();
  for (let round = 0; round < ROUNDS; round += 1) {
    const sender = await world.join(1);
    send(sender, round * ROUND, ROUND / 2);
    await accepted(sender);
    // The relay stores some of these, and confirms none of them.
    send(sender, round * ROUND + ROUND / 2, ROUND / 2);
    await world.relay.kill9();
    await sender.closed;
    await world.relay.start();
  }
  await using sender = await world.join(1);
  const end = ROUNDS * ROUND;
  send(sender, end, 1);
  await accepted(sender);
  await using receiver = await world.join(2);
  const got = await take(receiver, end);
  const expected: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { length } = got.filter((n) => Math.floor(n / ROUND) === round);
    expect(length).toBeGreaterThanOrEqual(ROUND / 2);
    expected.push(...run(round * ROUND, length));
  }
  expect(got).toEqual([...expected, end]);
});

/** Joins twin 2, takes numbers as `take` does, and kills the relay. Returns all that arrived before the connection ended. */
async function takeAndKill({ join, relay }: World, last: number, most: number): Promise<number[]> {
  const receiver = await join(2);
  const numbers = await take(receiver, last, most);
  await relay.kill9();
  await receiver.closed;
  while (receiver.waiting > 0) numbers.push(Number((await receiver.next()).uid));
  await relay.start();
  return numbers;
}

it('a relay that is killed while it drains delivers every message in order, the last ones perhaps again', async () => {
  await using world = await startWorld();
  let arrived = -1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const last = (round + 1) * ROUND - 1;
    {
      await using sender = await world.join(1);
      send(sender, round * ROUND, ROUND);
      await accepted(sender);
    }
    // The first connection of a round ends half-way; a second one takes what has not arrived by then.
    for (const most of [ROUND / 2, Number.POSITIVE_INFINITY]) {
      if (arrived === last) break;
      const got = await takeAndKill(world, last, most);
      const [first = Number.POSITIVE_INFINITY] = got;
      expect(first).toBeLessThanOrEqual(arrived + 1);
      expect(got).toEqual(run(first, got.length));
      arrived = Math.max(arrived, got.at(-1) ?? -1);
    }
    expect(arrived).toBe(last);
  }
});
