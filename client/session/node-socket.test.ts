import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { dialWeb } from '../web/web-socket.ts';
import { dialNode } from './node-socket.ts';
import type { Dial, Loss, Socket } from './socket.ts';

const owned: (() => void)[] = [];
afterEach(() => {
  for (const end of owned.splice(0)) end();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A server of WebSockets, and the sockets that came. */
async function startServer() {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  owned.push(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  const port = await listen(server);
  const next = async (): Promise<WebSocket> => (await once(sockets, 'connection'))[0];
  return { url: `ws://127.0.0.1:${port}`, next };
}

/** Opens a socket, and keeps what it reports. */
function open(dial: Dial, url: string, maxBytes?: number) {
  const messages: (Uint8Array | string)[] = [];
  const opened = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<Loss>();
  let wake: () => void = () => undefined;
  const socket: Socket = dial(
    url,
    {
      onOpen: opened.resolve,
      onMessage: (message) => {
        messages.push(typeof message === 'string' ? message : new Uint8Array(message));
        wake();
      },
      onLost: lost.resolve,
    },
    maxBytes === undefined ? {} : { maxBytes },
  );
  owned.push(() => socket.terminate());
  const received = async (count: number) => {
    while (messages.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return messages;
  };
  return { socket, opened: opened.promise, lost: lost.promise, messages, received };
}

describe.each([
  ['ws', dialNode],
  ['the standard WebSocket', dialWeb],
])('a socket of %s', (name, dial) => {
  it('carries bytes and text both ways', async () => {
    const { url, next } = await startServer();
    const coming = next();
    const { socket, opened, received } = open(dial, url);
    const other = await coming;
    const heard: string[] = [];
    other.on('message', (data: Buffer, isBinary) => heard.push(`${isBinary} ${data.toString()}`));
    await opened;
    expect([await socket.send(new Uint8Array([97])), await socket.send('b')]).toEqual([true, true]);
    other.send(new Uint8Array([1, 2]));
    other.send('text');
    expect(await received(2)).toEqual([new Uint8Array([1, 2]), 'text']);
    await expect.poll(() => heard).toEqual(['true a', 'false b']);
  });

  it('reports the code and reason of a close, and sends no more', async () => {
    const { url, next } = await startServer();
    const coming = next();
    const { socket, opened, lost } = open(dial, url);
    const other = await coming;
    await opened;
    other.close(4409, 'taken over');
    expect(await lost).toMatchObject({ code: 4409, detail: '4409 taken over' });
    expect(await socket.send('late')).toBe(false);
  });

  it('closes with a handshake', async () => {
    const { url, next } = await startServer();
    const coming = next();
    const { socket, opened, lost } = open(dial, url);
    const other = await coming;
    await opened;
    const closed = once(other, 'close');
    socket.close(1001);
    expect((await closed)[0]).toBe(name === 'ws' ? 1001 : 1000);
    expect((await lost).code).not.toBe(1006);
  });

  it('gives nothing to its reader while it is paused', async () => {
    const { url, next } = await startServer();
    const coming = next();
    const { socket, opened, messages, received } = open(dial, url);
    const other = await coming;
    await opened;
    other.send('one');
    await received(1);
    socket.pause();
    other.send('two');
    // The pong proves that the message before it has come, or waits in the socket.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(messages).toEqual(['one']);
    socket.resume();
    expect(await received(2)).toEqual(['one', 'two']);
  });

  it('ends with a message that is larger than it takes', async () => {
    const { url, next } = await startServer();
    const coming = next();
    const { opened, lost, messages } = open(dial, url, 1_000);
    const other = await coming;
    await opened;
    other.send(new Uint8Array(1_001));
    await lost;
    expect(messages).toEqual([]);
  });

  it('reports a server that is away, refuses, or speaks something else', async () => {
    const refusing = createServer((_, response) => response.writeHead(404).end('no'));
    const port = await listen(refusing);
    const away = await open(dial, 'ws://127.0.0.1:9').lost;
    expect(away.code).toBe(1006);
    const { cause, detail, isUnreached } = await open(dial, `ws://127.0.0.1:${port}`).lost;
    if (name !== 'ws') return;
    expect([cause, detail, isUnreached]).toEqual(['HTTP 404', 'refused: 404 no', undefined]);
    expect(away.isUnreached).toBe(true);
  });
});
