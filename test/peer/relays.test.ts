import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import type { PartState } from '../../client/ports.ts';
import { RelayConnection } from '../../client/session/connection.ts';
import { HEARTBEAT } from '../../client/session/heartbeat.ts';
import { dialNode } from '../../client/session/node-socket.ts';
import { within } from '../rig/clients/client.ts';
import { startProxy } from '../rig/relay/proxy.ts';
import { until } from '../rig/until.ts';

/** A connection to a relay that misbehaves on its doorstep, falls silent, or says too much. */
const warned: string[] = [];
const log = {
  debug: () => {},
  info: () => {},
  warn: (_: object, text: string) => void warned.push(text),
  error: () => {},
};
const owned: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  warned.length = 0;
  for (const close of owned.splice(0).reverse()) await close();
});

/** A WebSocket server; its first connections are met by `manners`, one after another. */
async function startServer(manners: ((socket: Socket) => void)[] = []) {
  const http = createHttpServer();
  const sessions = new WebSocketServer({ server: http });
  const tcp = createServer((socket) => {
    const rude = manners.shift();
    if (rude === undefined) http.emit('connection', socket);
    else rude(socket);
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const address = tcp.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  owned.push(() => {
    for (const session of sessions.clients) session.terminate();
    tcp.close();
  });
  return { port: address.port, sessions };
}

function open(port: number, onFrame: () => Promise<void> = async () => undefined, times = HEARTBEAT) {
  const states: PartState[] = [];
  const changes = new Set<() => void>();
  const connection = new RelayConnection(
    `ws://127.0.0.1:${port}`,
    {
      dial: dialNode,
      token: async () => 'token',
      pingEnvelope: () => new Uint8Array(0),
      onState: (state) => {
        states.push(state);
        for (const look of [...changes]) look();
      },
      onDate: () => undefined,
      onTooLarge: () => undefined,
      onFrame: () => onFrame().then(() => undefined),
      log,
    },
    times,
  );
  owned.push(() => connection.close());
  connection.open();
  const reached = (what: string, isSo: () => boolean) =>
    within(
      new Promise<void>((resolve) => {
        const look = () => isSo() && resolve();
        changes.add(look);
        look();
      }),
      what,
    );
  return { connection, states, reached };
}

describe('a relay that refuses', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['with half an answer', (socket) => void socket.end('HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nhalf')],
    ['with an answer that never ends', (socket) => void socket.write('HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\n')],
    ['by a reset', (socket) => void socket.once('data', () => socket.resetAndDestroy())],
    ['with garbage', (socket) => void socket.end('\0\x01\x02\r\n\r\n')],
    ['as soon as it has opened', (socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')],
  ])('is tried again when it refuses %s', async (_, rude) => {
    const { port } = await startServer([rude, rude]);
    const { reached, states, connection } = open(port);
    await reached('the connection', () => connection.isOpen);
    expect(states.map(({ isUp }) => isUp)).toEqual([false, false, true]);
    for (const { detail } of states.slice(0, 2)) expect(detail).not.toBe('');
    // The log has one line for the same reason and relay.
    expect(warned).toHaveLength(1);
  });

  it('is quoted with its status and its words', async () => {
    const refuse = (socket: Socket) => void socket.end('HTTP/1.1 401 No\r\nContent-Length: 7\r\n\r\nbad jwt');
    const { port } = await startServer([refuse]);
    const { reached, states, connection } = open(port);
    await reached('the connection', () => connection.isOpen);
    expect(states[0]).toEqual({ isUp: false, detail: 'refused: 401 bad jwt' });
  });
});

it('a connection dials again on request without losing a frame', async () => {
  const { port, sessions } = await startServer();
  const got: string[] = [];
  sessions.on('connection', (session) => session.on('message', (data: Buffer) => got.push(data.toString())));
  const { reached, states, connection } = open(port);
  await reached('the connection', () => connection.isOpen);
  const sent = connection.send(Buffer.from('before'));
  connection.reconnect();
  expect(await sent).toBe(true);
  await reached('a new connection', () => states.length === 3);
  expect(states.map(({ isUp }) => isUp)).toEqual([true, false, true]);
  expect(got).toEqual(['before']);
});

describe('a socket that is half open', () => {
  const SOON = { ping: 100, dead: 400 };
  it.each([['both ways'], ['up'], ['down']])('is replaced when nothing passes %s', async (way) => {
    const { port } = await startServer();
    await using proxy = await startProxy({ port });
    const { reached, states, connection } = open(proxy.port, undefined, SOON);
    await reached('the connection', () => connection.isOpen);
    proxy.blackhole(
      ...(way === 'both ways' ? (['up', 'down'] as const) : way === 'up' ? (['up'] as const) : (['down'] as const)),
    );
    await reached('the loss', () => states.at(-1)?.isUp === false);
    proxy.restore();
    proxy.cut();
    await reached('a new connection', () => connection.isOpen);
  });

  it('is not assumed while the peer itself is too busy to read', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { port, sessions } = await startServer();
    // More than are ever in work, and none is ever dealt with.
    sessions.on('connection', (session) => {
      for (let n = 0; n < 300; n += 1) session.send(new Uint8Array(100));
    });
    let taken = 0;
    const gate = Promise.withResolvers<void>();
    const busy = open(port, () => {
      taken += 1;
      return gate.promise;
    });
    vi.advanceTimersByTime(1);
    await busy.reached('the connection', () => busy.connection.isOpen);
    await until('256 frames', () => taken >= 256);
    // Another one, of the same patience, is found dead meanwhile.
    await using proxy = await startProxy({ port: (await startServer()).port });
    const dead = open(proxy.port);
    vi.advanceTimersByTime(1);
    await dead.reached('the connection', () => dead.connection.isOpen);
    proxy.blackhole('up', 'down');
    vi.advanceTimersByTime(2 * HEARTBEAT.dead);
    await dead.reached('the loss', () => dead.states.at(-1)?.isUp === false);
    expect(busy.states.map(({ isUp }) => isUp)).toEqual([true]);
    gate.resolve();
    await until('all frames', () => taken === 300);
    // One more frame takes the same way.
    for (const session of sessions.clients) session.send(new Uint8Array(100));
    await until('one more frame', () => taken === 301 || busy.states.length > 1);
    expect(busy.states).toHaveLength(1);
  });
});
