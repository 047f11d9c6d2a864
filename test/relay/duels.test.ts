import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { connectFrail, type FrailClient } from '../rig/clients/frail.ts';
import { request } from '../rig/envelopes/envelopes.ts';

const A = { twin: 1 };
const TAKEN_OVER = { code: 4409, reason: 'session taken over by a newer connection' };
const USED_TWICE = { code: 4409, reason: 'session used by another program' };

let network: Network;
let a: Client;
beforeAll(async () => {
  network = await startNetwork();
  a = await network.join(1);
});
afterAll(async () => {
  await a[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

/** Whether a session's next message is one that is sent to it now. */
async function gets(client: Client, sid: string, twin: number): Promise<boolean> {
  const sent = request(A, { twin, connection: sid });
  a.send(sent);
  return (await client.next()).uid === sent.uid;
}

describe('one program whose link dies without a close, again and again', () => {
  it.each([
    ['while its object is awake', false],
    ['while its object sleeps in between', true],
  ])('gets its session and its mail back at once each time, %s', async (name, isAsleep) => {
    const identity = await network.identity(5);
    const dead: FrailClient[] = [];
    // The first link, and three that die within 10 s.
    for (let flap = 0; flap < 4; flap += 1) {
      const frail = await connectFrail(network.relay.port, 5, identity, name);
      expect(await gets(frail.client, name, 5)).toBe(true);
      await dead.at(-1)?.diedAtClose();
      if (isAsleep) await network.relay.evict(5);
      dead.push(frail);
    }
    await using last = await network.join(5, name);
    expect(await gets(last, name, 5)).toBe(true);
    for (const each of dead) await each[Symbol.asyncDispose]();
    expect(await gets(last, name, 5)).toBe(true);
  });
});

describe('two live programs on one session', () => {
  /** Opens the session again and again: the reasons that the connections before the last read, one after the other. */
  async function* fight(name: string, isAsleep: boolean) {
    let holder = await network.join(4, name);
    for (;;) {
      if (isAsleep) await network.relay.evict(4);
      const newcomer = await network.join(4, name);
      const ended = [holder, newcomer].map(async (each) => ({ each, end: await each.closed }));
      const { each, end } = await Promise.race(ended);
      if (each === holder) holder = newcomer;
      yield { holder, end, isRefused: each === newcomer };
    }
  }

  it.each([
    ['while their object is awake', false],
    ['while their object sleeps in between', true],
  ])('are slowed by a refused newcomer once both have answered, %s', async (name, isAsleep) => {
    const ends: object[] = [];
    for await (const { holder, end, isRefused } of fight(name, isAsleep)) {
      ends.push(end);
      if (!isRefused) continue;
      expect(await gets(holder, name, 4)).toBe(true);
      await holder[Symbol.asyncDispose]();
      break;
    }
    expect([ends.at(0), ends.at(-1)]).toEqual([TAKEN_OVER, USED_TWICE]);
    expect(ends.length).toBeGreaterThan(2);
  });

  it('both read the reason, one of them after the pause', async () => {
    let hasPaused = false;
    for await (const { holder, end, isRefused } of fight('both', false)) {
      hasPaused ||= isRefused;
      if (!hasPaused) continue;
      expect(end).toEqual(USED_TWICE);
      if (isRefused) continue;
      await holder[Symbol.asyncDispose]();
      break;
    }
  });
});
