import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { withDate } from '../rig/clients/dated.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { asTwin, startCommand } from '../rig/peer/command.ts';
import { startProxy } from '../rig/relay/proxy.ts';

/** Which requests `serve` runs, how often, and what its replies carry: as the daemon, seen from a bare session. */

const CALLER = 6;
const SERVER = 3;

let network: Network;
let caller: Client;
beforeAll(async () => {
  network = await startNetwork();
  caller = await network.join(CALLER, 'bare');
});
afterAll(async () => {
  await caller[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const serve = async (name: string, program: readonly string[], relay = network.relay.wsUrl) => {
  const env = { ...asTwin(network, SERVER), RMB_RELAY: relay };
  const service = startCommand(['serve', 'my.echo', '--sid', name, '-p', '1', '--', ...program], env);
  await service.said('serving');
  return service;
};
const to = (connection: string | undefined, fields: Partial<Envelope> = {}) =>
  request(
    { twin: CALLER, connection: 'bare' },
    connection === undefined ? { twin: SERVER } : { twin: SERVER, connection },
    { content: { kind: 'request', command: 'my.echo' }, ...fields },
  );
const payload = (text: string): Envelope['payload'] => ({ kind: 'plain', bytes: new TextEncoder().encode(text) });
const textOf = (envelope: Envelope) => new TextDecoder().decode(envelope.payload?.bytes);
const send = async (envelope: Envelope) => caller.send(await signEnvelope(envelope, await network.identity(CALLER)));
const ask = async (envelope: Envelope) => {
  await send(envelope);
  return caller.next();
};

describe('the schema of a reply', () => {
  it('is the schema of its request, else application/json', async () => {
    await using _ = await serve('schema', ['cat']);
    const schemaOf = async (fields: Partial<Envelope>) => (await ask(to('schema', fields))).schema;
    expect(await schemaOf({ schema: 'text/x-own' })).toBe('text/x-own');
    expect(await schemaOf({})).toBe('application/json');
    expect(await schemaOf({ schema: '' })).toBe('application/json');
  });
});

describe('a mailbox', () => {
  it('is served in order when its requests came before the service', async () => {
    // The relay keeps what comes for a twin that is away.
    for (const text of ['one', 'two', 'three']) await send(to(undefined, { payload: payload(text) }));
    const args = ['serve', 'my.echo', '--no-sid', '-p', '1', '--', 'cat'];
    await using service = startCommand(args, asTwin(network, SERVER));
    await service.said('serving');
    const replies = [await caller.next(), await caller.next(), await caller.next()];
    expect(replies.map(textOf)).toEqual(['one', 'two', 'three']);
  });
});

describe('a request', () => {
  it('is refused when it expired, although the relay turns its clock back', async () => {
    const { port } = network.relay;
    await using proxy = await startProxy({ port });
    const relayNow = Date.now() - 3_600_000;
    proxy.rewrite('down', (chunk) => withDate(chunk, relayNow));
    await using _ = await serve('clock', ['cat'], `ws://localhost:${proxy.port}`);
    // It expired 59 minutes ago: by the relay's clock it is fresh, and the relay could have delayed it.
    const timestamp = BigInt(Math.floor(Date.now() / 1000) - 3600);
    const { content } = await ask(to('clock', { timestamp, expiration: 60n }));
    expect(content).toMatchObject({ kind: 'error', code: 102 });
  });

  it('is served although a forged one with its uid came before', async () => {
    await using _ = await serve('forged', ['cat']);
    const { uid } = to('forged');
    const forged = await signEnvelope(to('forged', { uid }), await network.identity(CALLER));
    caller.send({ ...forged, payload: payload('forged') });
    expect(textOf(await ask(to('forged', { uid, payload: payload('true') })))).toBe('true');
  });

  it('is served by itself when it has no uid', async () => {
    await using _ = await serve('nameless', ['cat']);
    for (const text of ['one', 'two']) {
      expect(textOf(await ask(to('nameless', { uid: '', payload: payload(text) })))).toBe(text);
    }
  });

  it('is served once: a repeat gets the same bytes again', async () => {
    await using _ = await serve('once', ['sh', '-c', 'date +%N']);
    const repeated = to('once');
    await send(repeated);
    const first = await caller.nextBytes();
    await send(repeated);
    expect(await caller.nextBytes()).toEqual(first);
  });
});
