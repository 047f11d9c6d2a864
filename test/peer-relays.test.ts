import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { RelayConnection } from '../local-peer/relays/connection.ts';
import { HEARTBEAT } from '../local-peer/relays/heartbeat.ts';
import type { PartState } from '../local-peer/state.ts';
import { within } from './rig/client.ts';
import { startProxy } from './rig/proxy.ts';

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
      token: async () => 'token',
      onState: (state) => {
        states.push(state);
        for (const look of [...changes]) look();
      },
      onDate: () => undefined,
      onTooLarge: () => undefined,
      onFrame,
      log,
    },
    times,
  );
  owned.push(() => connection.close());
  connection.open();
  const until = (what: string, isSo: () => boolean) =>
    within(
      new Promise<void>((resolve) => {
        const look = () => isSo() && resolve();
        changes.add(look);
        look();
      }),
      what,
    );
  return { connection, states, until };
}

describe('a relay that refuses', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['with half an answer', (socket) => void socket.end('HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nhalf')],
    ['with an answer that never ends', (socket) => void socket.write('HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\n')],
    ['by a reset', (socket) => void socket.once('data', () => socket.resetAndDestroy())],
    ['with garbage', (socket) => void socket.end('\0\x01\x02\r\n\r\n')],
    ['as soon as it has opened', (socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')],
  ])('%s is tried again until it does not', async (_, rude) => {
    const { port } = await startServer([rude, rude]);
    const { until, states, connection } = open(port);
    await until('the connection', () => connection.isOpen);
    expect(states.map(({ isUp }) => isUp)).toEqual([false, false, true]);
    for (const { detail } of states.slice(0, 2)) expect(detail).not.toBe('');
    // The same reason, the same relay: said once.
    expect(warned).toHaveLength(1);
  });

  it('is quoted, with its status and its words', async () => {
    const refuse = (socket: Socket) => void socket.end('HTTP/1.1 401 No\r\nContent-Length: 7\r\n\r\nbad jwt');
    const { port } = await startServer([refuse]);
    const { until, states, connection } = open(port);
    await until('the connection', () => connection.isOpen);
    expect(states[0]).toEqual({ isUp: false, detail: 'refused: 401 bad jwt' });
  });
});

it('comes back, when it is asked to, with another handshake, and what was sent before arrives', async () => {
  const { port, sessions } = await startServer();
  const got: string[] = [];
  sessions.on('connection', (session) => session.on('message', (data: Buffer) => got.push(data.toString())));
  const { until, states, connection } = open(port);
  await until('the connection', () => connection.isOpen);
  const sent = connection.send(Buffer.from('before'));
  connection.again();
  expect(await sent).toBe(true);
  await until('a new connection', () => states.length === 3);
  expect(states.map(({ isUp }) => isUp)).toEqual([true, false, true]);
  expect(got).toEqual(['before']);
});

describe('a socket that is half open', () => {
  const SOON = { ping: 100, dead: 400 };
  it.each([['both ways'], ['up'], ['down']])('%s is found, given up and made again', async (way) => {
    const { port } = await startServer();
    await using proxy = await startProxy({ port });
    const { until, states, connection } = open(proxy.port, undefined, SOON);
    await until('the connection', () => connection.isOpen);
    proxy.blackhole(
      ...(way === 'both ways' ? (['up', 'down'] as const) : way === 'up' ? (['up'] as const) : (['down'] as const)),
    );
    await until('the loss', () => states.at(-1)?.isUp === false);
    proxy.restore();
    proxy.cut();
    await until('a new connection', () => connection.isOpen);
  });

  it('is not one that we do not read from: a peer with its hands full keeps its connection', async () => {
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
    await busy.until('the connection', () => busy.connection.isOpen);
    await expect.poll(() => taken).toBeGreaterThanOrEqual(256);
    // Another one, of the same patience, is found dead meanwhile.
    await using proxy = await startProxy({ port: (await startServer()).port });
    const dead = open(proxy.port);
    vi.advanceTimersByTime(1);
    await dead.until('the connection', () => dead.connection.isOpen);
    proxy.blackhole('up', 'down');
    vi.advanceTimersByTime(2 * HEARTBEAT.dead);
    await dead.until('the loss', () => dead.states.at(-1)?.isUp === false);
    expect(busy.states.map(({ isUp }) => isUp)).toEqual([true]);
    gate.resolve();
    await expect.poll(() => taken).toBe(300);
    // One more comes the same way.
    for (const session of sessions.clients) session.send(new Uint8Array(100));
    await expect.poll(() => taken === 301 || busy.states.length > 1).toBe(true);
    expect(busy.states).toHaveLength(1);
  });
});
