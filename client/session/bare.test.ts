import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { request } from '../../test/rig/envelopes/envelopes.ts';
import { BareRefusal, openBare } from './bare.ts';

/** Ends a test that hangs, ms. */
const PATIENT_MS = 60_000;

const owned: (() => void)[] = [];
afterEach(() => {
  for (const end of owned.splice(0)) end();
});

/** Starts a server that greets each connection. Without `greet` it answers with plain HTTP. */
async function serve(greet?: (socket: WebSocket) => void, answer?: RequestListener): Promise<string> {
  const server = createServer(answer);
  if (greet !== undefined) new WebSocketServer({ server }).on('connection', greet);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `ws://127.0.0.1:${address.port}`;
}

describe('openBare', () => {
  it('keeps frames that arrive with the answer to the upgrade, in order', async () => {
    const url = await serve((socket) => {
      for (const byte of [1, 2, 3]) socket.send(Uint8Array.of(byte));
    });
    const session = await openBare(url, PATIENT_MS);
    const frames = [await session.nextBytes(PATIENT_MS), await session.nextBytes(PATIENT_MS)];
    expect([...frames, await session.nextBytes(PATIENT_MS)].map((frame) => [...frame])).toEqual([[1], [2], [3]]);
    expect(session.waiting).toBe(0);
    await session.close();
  });

  it('reports the status and the body of a refusal', async () => {
    // A server that speaks no WebSocket answers an upgrade as any request.
    const url = await serve(undefined, (_, response) => response.writeHead(401).end('the token has expired'));
    const refusal = await openBare(url, PATIENT_MS).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BareRefusal);
    expect(refusal).toMatchObject({ status: 401, body: 'the token has expired', message: '401 the token has expired' });
  });

  it('rejects when nobody listens', async () => {
    await expect(openBare('ws://127.0.0.1:1', PATIENT_MS)).rejects.toThrow('ECONNREFUSED');
  });

  it('names the missing answer of a silent server', async () => {
    const url = await serve(undefined, () => undefined);
    await expect(openBare(url, 20)).rejects.toThrow('no answer to the upgrade within 0.02 s');
  });
});

describe('a bare session', () => {
  it('sends envelopes encoded, and garbage as it is', async () => {
    const received: Uint8Array[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const url = await serve((socket) => {
      socket.on('message', (data: Buffer) => {
        if (received.push(new Uint8Array(data)) === 3) resolve();
      });
    });
    const session = await openBare(url, PATIENT_MS);
    const envelope = request({ twin: 1 }, { twin: 2 });
    session.send(envelope);
    session.send(Uint8Array.of(255, 0));
    session.send('text');
    await promise;
    expect(received).toEqual([encodeEnvelope(envelope), Uint8Array.of(255, 0), new TextEncoder().encode('text')]);
    await session.close();
  });

  it('decodes the next frame, and rejects one that is no envelope', async () => {
    const envelope = request({ twin: 1 }, { twin: 2 });
    const url = await serve((socket) => {
      socket.send(encodeEnvelope(envelope));
      socket.send(Uint8Array.of(255));
    });
    const session = await openBare(url, PATIENT_MS);
    expect(await session.next(PATIENT_MS)).toMatchObject({ uid: envelope.uid, destination: { twin: 2 } });
    await expect(session.next(PATIENT_MS)).rejects.toThrow('the relay sent no envelope');
    await session.close();
  });

  it('reports how the connection ended, to all who wait for a frame', async () => {
    const { promise: connected, resolve } = Promise.withResolvers<WebSocket>();
    const session = await openBare(await serve(resolve), PATIENT_MS);
    const frame = session.nextBytes(PATIENT_MS);
    frame.catch(() => undefined);
    (await connected).close(4003, 'taken over');
    expect(await session.ended).toEqual({ code: 4003, reason: 'taken over' });
    await expect(frame).rejects.toThrow('connection closed, 4003');
    await expect(session.nextBytes(PATIENT_MS)).rejects.toThrow('connection closed, 4003');
  });

  it('names the limit when no frame arrives', async () => {
    const session = await openBare(await serve(() => undefined), PATIENT_MS);
    await expect(session.nextBytes(20)).rejects.toThrow('no frame within 0.02 s');
    await session.close();
  });
});
