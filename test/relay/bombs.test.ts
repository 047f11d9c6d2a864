import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { bundleMutant } from '../rig/mutants/mutant.ts';
import { growthOf, listenerOf } from '../rig/relay/workerd-process.ts';
import { until } from '../rig/until.ts';

const MIB = 2 ** 20;
/** A twin at home at another relay. */
const FOREIGN = { twin: 5 };

/** The time for a body is what a test waits for: here 5 s, and nothing for its size. */
const SHORT_TIME = {
  file: 'workers/federation/bounded-body.ts',
  find: 'ms: 10_000, msPerMib: 1_000',
  replace: 'ms: 5_000, msPerMib: 0',
};

let network: Network;
let workerd: number;
beforeAll(async () => {
  network = await startNetwork({}, (entry) => bundleMutant(entry, SHORT_TIME));
  await network.settle(5, 'other.example');
  workerd = await listenerOf(network.relay.port);
});
afterAll(() => network[Symbol.asyncDispose]());

async function post(body: Uint8Array): Promise<{ status: number; text: string }> {
  const answer = await fetch(network.relay.httpUrl, { method: 'POST', body: new Uint8Array(body) });
  return { status: answer.status, text: await answer.text() };
}

async function signed(fields: Partial<Envelope> = {}, to: Envelope['destination'] = { twin: 2 }): Promise<Uint8Array> {
  return encodeEnvelope(await signEnvelope(request(FOREIGN, to, fields), await network.identity(FOREIGN.twin)));
}

async function metric(series: string): Promise<number> {
  const text = await (await fetch(`${network.relay.httpUrl}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0,
  );
}

function isHealthy(): Promise<boolean> {
  return fetch(`${network.relay.httpUrl}/healthz`).then(({ ok }) => ok);
}

/** An empty entry of `relays`, so many times. */
function emptyRelays(times: number): Uint8Array {
  const entry = [0x8a, 0x01, 0];
  return Uint8Array.from({ length: entry.length * times }, (_, at) => entry[at % entry.length] ?? 0);
}

describe('a bomb', () => {
  it('of 15.6 MB of empty relays costs workerd at most 64 MB', async () => {
    const whole = encodeEnvelope(request(FOREIGN, { twin: 2 }));
    const bomb = Uint8Array.from(Buffer.concat([whole, emptyRelays(5_200_000)]));
    await post(await signed());
    const growth = await growthOf(workerd, async () => {
      const [answer, alive] = await Promise.all([post(bomb), isHealthy()]);
      expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('more than 32 relays') });
      expect(alive).toBe(true);
    });
    expect(growth).toBeLessThan(64 * MIB);
    await until(
      'the refusal to be counted',
      async () => (await metric('relay_refused_requests_total{code="not-an-envelope"}')) > 0,
    );
  });

  it('of 15 MiB of tags costs workerd at most 64 MB', async () => {
    const bomb = encodeEnvelope(request(FOREIGN, { twin: 2 }, { tags: 'x,'.repeat(7 * MIB + MIB / 2) }));
    const growth = await growthOf(workerd, async () => {
      expect((await post(bomb)).status).toBe(400);
    });
    expect(growth).toBeLessThan(64 * MIB);
  });

  it('of 15 MiB of tags ends the session that sent it', async () => {
    const client = await network.join(1, 'tags');
    client.send(request({ twin: 1, connection: 'tags' }, { twin: 2 }, { tags: 'x,'.repeat(7 * MIB) }));
    expect(await client.closed).toMatchObject({ code: 1007 });
  });
});

describe('20 POSTs of 15.9 MiB whose last byte never comes', () => {
  it('hold at most eight bodies until the time limit, and let honest POSTs pass', async () => {
    const body = await signed({ payload: { kind: 'plain', bytes: new Uint8Array(15.9 * MIB) } });
    const answers: string[] = [];
    const growth = await growthOf(workerd, async () => {
      const stalled = Array.from({ length: 20 }, () => stall(body, (code) => answers.push(code)));
      await until('twelve to be refused', async () => answers.length >= 12);
      expect(await post(await signed())).toMatchObject({ status: 202 });
      await Promise.all(stalled.map(({ ended }) => ended));
    });
    // A client that still writes when the relay closes its connection may lose the answer: a refusal at once, too.
    expect(answers.filter((code) => code === 'slow-body')).toHaveLength(8);
    expect(answers.filter((code) => code === 'large-bodies' || code === 'no answer')).toHaveLength(12);
    expect(answers).toContain('large-bodies');
    expect(growth).toBeLessThan(256 * MIB);
    const whole = await post(await signed({ payload: { kind: 'plain', bytes: new Uint8Array(15 * MIB) } }));
    expect(whole).toMatchObject({ status: 202 });
  });
});

/** POSTs all of a body but its last byte, and waits for the code of its refusal, or for the end of the connection. */
function stall(body: Uint8Array, onAnswer: (code: string) => void): { ended: Promise<void> } {
  const socket: Socket = connect(network.relay.port, '127.0.0.1');
  let said = '';
  socket.on('error', () => undefined);
  socket.write(`POST / HTTP/1.1\r\nhost: localhost:${network.relay.port}\r\ncontent-length: ${body.length}\r\n\r\n`);
  socket.write(body.subarray(0, -1));
  let isAnswered = false;
  const answer = (code: string) => {
    if (!isAnswered) onAnswer(code);
    isAnswered = true;
    socket.destroy();
  };
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1');
    const [, code] = /"code":"([a-z-]+)"/.exec(said) ?? [];
    if (code !== undefined) answer(code);
  });
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => {
      answer('no answer');
      resolve();
    });
  });
  return { ended };
}
