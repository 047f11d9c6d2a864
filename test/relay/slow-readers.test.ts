import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { type Client, connectAs } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { bundleMutant } from '../rig/mutants/mutant.ts';
import { startSlowLink } from '../rig/relay/slow-link.ts';
import { growthOf, listenerOf } from '../rig/relay/workerd-process.ts';
import { until } from '../rig/until.ts';

const MIB = 2 ** 20;
/** Sent in one go: less than an object may have under way. */
const AT_ONCE = 8;

/** The patience with a silent session is what a test waits for: here 10 s. */
const IMPATIENT = {
  file: 'durable-objects/twin/back-pressure/back-pressure.ts',
  find: 'PATIENCE_MS = 60_000',
  replace: 'PATIENCE_MS = 10_000',
};

let network: Network;
let workerd: number;
beforeAll(async () => {
  network = await startNetwork({}, (entry) => bundleMutant(entry, IMPATIENT));
  workerd = await listenerOf(network.relay.port);
});
afterAll(() => network[Symbol.asyncDispose]());

async function evictions(): Promise<number> {
  const text = await (await fetch(`${network.relay.httpUrl}/metrics`)).text();
  return Number(/^relay_session_evictions_total\{reason="back-pressure"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Sends so many MiB of requests, one each, in turns; the numbers of those that were not refused. */
async function offer(sender: Client, from: number, to: number, mib: number): Promise<number[]> {
  const taken = new Set<number>();
  const payload = { kind: 'plain' as const, bytes: new Uint8Array(MIB - 1024) };
  for (let n = 0; n < mib; n += AT_ONCE) {
    for (let at = n; at < Math.min(n + AT_ONCE, mib); at += 1) {
      taken.add(at);
      sender.send(request({ twin: from }, { twin: to }, { uid: `${at}`, payload }));
    }
    const marker = request({ twin: from }, { twin: to, connection: 'nobody' }, { tags: 'fail-fast' });
    sender.send(marker);
    for (let answer = await sender.next(); answer.uid !== marker.uid; answer = await sender.next()) {
      expect(answer.content).toMatchObject({ message: expect.stringContaining('share of the mailbox') });
      taken.delete(Number(answer.uid));
    }
  }
  return [...taken];
}

/** Takes all numbers that have come, or `last` and what is before it; shows itself alive after each. */
async function take(client: Client, twin: number, last: number | undefined): Promise<number[]> {
  const numbers: number[] = [];
  while (last === undefined ? client.waiting > 0 : numbers.at(-1) !== last) {
    const { uid, content } = await client.next();
    if (content?.kind === 'pong') continue;
    numbers.push(Number(uid));
    if (last !== undefined) client.send(request({ twin }, undefined, { content: { kind: 'ping' } }));
  }
  return numbers;
}

/** Two clients that read: a message goes from one to the other and back, so many times. */
async function echo(times: number): Promise<number> {
  await using a = await network.join(4);
  await using b = await network.join(5);
  for (let n = 0; n < times; n += 1) {
    a.send(request({ twin: 4 }, { twin: 5 }, { uid: `${n}` }));
    expect((await b.next()).uid).toBe(`${n}`);
    b.send(request({ twin: 5 }, { twin: 4 }, { uid: `${n}` }));
    expect((await a.next()).uid).toBe(`${n}`);
  }
  return times;
}

describe('a client that', () => {
  it.each([
    ['never reads', 2, 0],
    ['reads 1 KiB a second', 3, 1024],
  ])(
    '%s and is offered 240 MiB takes less than 60 MiB of memory, is closed, and finds in order all that was taken',
    async (_, twin, bytesPerSecond) => {
      await using link = await startSlowLink(network.relay.port, bytesPerSecond);
      await using sender = await network.join(1);
      // As idle as a relay is that had something to do: what its own engine takes to do it is not the slow client's.
      await Promise.all([offer(sender, 1, 6, 64), echo(100)]);
      const before = await evictions();
      const slow = await connectAs(`ws://localhost:${link.port}`, twin, await network.identity(twin));
      let taken: number[] = [];
      const growth = await growthOf(workerd, async () => {
        const [numbers, echoed] = await Promise.all([offer(sender, 1, twin, 240), echo(500)]);
        taken = numbers;
        expect(echoed).toBe(500);
      });
      expect(growth).toBeLessThan(60 * MIB);
      // 8 MiB at once, more with time, and half of the mailbox.
      expect(taken.length).toBeGreaterThanOrEqual(40);
      expect(taken.length).toBeLessThanOrEqual(48);
      await until('the eviction', async () => (await evictions()) > before);
      link.open();
      expect(await slow.closed).toMatchObject({ code: 4408, reason: expect.stringContaining('wait in the mailbox') });
      const first = await take(slow, twin, undefined);
      await using again = await network.join(twin);
      const came = [...first, ...(await take(again, twin, taken.at(-1)))];
      // What it was given last may come again.
      expect([...new Set(came)]).toEqual(taken);
      expect(came.length).toBeLessThanOrEqual(taken.length + 16);
    },
  );

  it('only receives is not slowed when it sends the text ping, which wakes nothing', async () => {
    const R = { twin: 5, connection: 'receives' };
    await using sender = await network.join(1);
    await using receiver = await network.join(5, R.connection);
    const payload = { kind: 'plain' as const, bytes: new Uint8Array(MIB) };
    for (let n = 0; n < 24; n += 1) {
      sender.send(request({ twin: 1 }, R, { uid: `${n}`, payload }));
      expect((await receiver.next()).uid).toBe(`${n}`);
      if (n % 4 < 3) continue;
      receiver.send('ping');
      expect(String(Buffer.from(await receiver.nextBytes()))).toBe('pong');
    }
  });
});
