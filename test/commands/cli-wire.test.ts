import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { type Client, within } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { asTwin, startCommand } from '../rig/peer/command.ts';

/** Commands send to a bare session, which shows what they put on the wire and accept from it. */

const ASKED = 3;
const FORGER = 4;

let network: Network;
let asked: Client;
beforeAll(async () => {
  network = await startNetwork();
  asked = await network.join(ASKED);
});
afterAll(async () => {
  for (const each of [asked, network]) await each[Symbol.asyncDispose]();
});
const start = (args: readonly string[]) => startCommand(args, asTwin(network, 6));

describe('a request', () => {
  it.each([
    [['call', '3', 'x.y'], 'application/json', 'null'],
    [['call', '3', 'x.y', '--data', '[1]'], 'application/json', '[1]'],
    [['call', '3', 'x.y', '--data', ''], 'application/json', ''],
    [['call', '3', 'x.y', '--schema', 'text/plain'], 'text/plain', ''],
    [['call', '3', 'x.y', '--schema', 'none', '--data', 'as it is'], undefined, 'as it is'],
    [['ping', '3'], 'application/json', 'null'],
    [['bench', '3', 'x.y', '-n', '1'], 'application/json', 'null'],
    [['bench', '3', 'x.y', '-n', '1', '--schema', 'none'], undefined, ''],
  ])('of %j carries schema %j and payload %j', async (args, schema, payload) => {
    await using _ = start(args);
    const envelope = await asked.next();
    expect({ schema: envelope.schema, payload: textOf(envelope) }).toEqual({ schema, payload });
  });
});

describe('an error in place of a response', () => {
  /** Runs a command, and answers its request with errors, each signed by a twin. */
  async function refused(args: readonly string[], ...signers: readonly number[]) {
    await using command = start(args);
    const { uid, source } = await asked.next();
    if (source === undefined) throw new Error('the request has no source');
    for (const signer of signers) {
      const content = { kind: 'error', code: signer, message: 'no such\u001b[2J command' } as const;
      const reply = request({ twin: ASKED }, source, { uid, content });
      asked.send(await signEnvelope(reply, await network.identity(signer)));
    }
    return await within(command.ended, `the end of ${args[0]}`);
  }
  const lines = (stdout: string) =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('is a sign of life that ping prints', async () => {
    const text = await refused(['ping', '3', '-n', '1'], ASKED);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/^twin 3 \(error 3: no such \[2J command\): seq=1 time=[\d.]+ ms$/m);
    expect(text.stdout).toContain('--- twin 3: 1 sent, 1 answered, 0% lost');
    const json = await refused(['ping', '3', '-n', '1', '--json'], ASKED);
    expect(json.code).toBe(0);
    const [pong, sum] = lines(json.stdout);
    const error = { code: ASKED, message: 'no such [2J command' };
    expect(pong).toMatchObject({ type: 'pong', seq: 1, source: '3', version: null, error });
    expect(sum).toMatchObject({ type: 'summary', sent: 1, answered: 1 });
  });

  it('is an answer that ends bench with 1', async () => {
    const { code, stdout } = await refused(['bench', '3', 'x.y', '-n', '1', '--json'], ASKED);
    expect(code).toBe(1);
    const [result, failure] = lines(stdout);
    expect(result).toMatchObject({ answered: 1, errors: { 'error 3: no such [2J command': 1 }, failed: {} });
    expect(failure).toMatchObject({ ok: false, kind: 'answered-error' });
  });

  it('counts only if the asked twin signed it', async () => {
    const { code, stdout } = await refused(['ping', '3', '-n', '1', '--json'], FORGER, ASKED);
    expect(code).toBe(0);
    expect(lines(stdout)[0]).toMatchObject({ type: 'pong', error: { code: ASKED } });
  });
});

function textOf({ payload }: Envelope): string {
  if (payload?.kind !== 'plain') throw new Error(`expected a payload in the open, not ${payload?.kind}`);
  return new TextDecoder().decode(payload.bytes);
}
