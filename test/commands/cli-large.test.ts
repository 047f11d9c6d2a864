import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { asTwin, runCommand, startCommand } from '../rig/peer/command.ts';

/** `call` and `serve` at a relay that takes less than what they send. */

const LIMIT = 20_000;
const CALLER = 6;
const SERVER = 3;
const SIZES = /the message has 3\d{4} bytes, its relay takes 20000: send it in parts/;

let network: Network;
beforeAll(async () => {
  network = await startNetwork({ MAX_ENVELOPE_BYTES: String(LIMIT) });
});
afterAll(() => network[Symbol.asyncDispose]());

describe('call', () => {
  it('ends at once with both sizes when its request is larger than the relay takes', async () => {
    const args = ['call', '4', 'x.y', '--data', 'x'.repeat(30_000), '--timeout', '600', '--json'];
    const { code, stdout } = await runCommand(args, asTwin(network, CALLER));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, kind: 'relay', message: expect.stringMatching(SIZES) });
  });

  it('names the limit of relays when its request is larger', async () => {
    const args = ['call', '4', 'x.y', '-', '--json'];
    const { code, stdout } = await runCommand(args, asTwin(network, CALLER), 'x'.repeat(17 * 2 ** 20));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'relay',
      message: expect.stringContaining('relays take 16777216'),
    });
  });
});

describe('serve', () => {
  const LARGE = "head -c 30000 /dev/zero | tr '\\0' x";
  const answered = new Map<string, Envelope['content']>();
  const ask = async (caller: Client, connection: string, text: string) => {
    const to = { twin: SERVER, connection };
    const fields: Partial<Envelope> = {
      content: { kind: 'request', command: 'my.large' },
      payload: { kind: 'plain', bytes: new TextEncoder().encode(text) },
    };
    const envelope = request({ twin: CALLER, connection: 'bare' }, to, fields);
    caller.send(await signEnvelope(envelope, await network.identity(CALLER)));
    // The relay brings an unacknowledged request once more after it closed the connection: its reply may come twice.
    for (;;) {
      const reply = await caller.next();
      if (reply.uid === envelope.uid) {
        answered.set(reply.uid, reply.content);
        return reply;
      }
      expect(answered.get(reply.uid)).toEqual(reply.content);
    }
  };

  it('answers each caller whose reply is too large with error 101 and both sizes, and others as always', async () => {
    await using caller = await network.join(CALLER, 'bare');
    const program = ['sh', '-c', `test "$(cat)" = small && echo small || ${LARGE}`];
    const args = ['serve', 'my.large', '--sid', 'large', '-d', '--', ...program];
    await using service = startCommand(args, asTwin(network, SERVER));
    await service.said('serving');
    const refusal = { kind: 'error', code: 101, message: expect.stringMatching(SIZES) };
    expect((await ask(caller, 'large', 'first')).content).toEqual(refusal);
    expect((await ask(caller, 'large', 'second')).content).toEqual(refusal);
    const small = await ask(caller, 'large', 'small');
    expect(new TextDecoder().decode(small.payload?.bytes)).toBe('small\n');
    // The relay closed the connection for the first reply; the second was not sent.
    expect(service.stderr().match(/relay: not connected/g)).toHaveLength(1);
  });
});
