import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { until } from '../../../test/rig/until.ts';
import { startWeather, type Weather } from './weather.ts';

/** One end of a connection, and all that came there. */
interface End {
  readonly socket: Socket;
  readonly heard: string;
  /** How it ended: by a reset, or in order. */
  readonly end: string | undefined;
}

interface Link extends AsyncDisposable {
  readonly weather: Weather;
  /** Opens a connection; its server end is there once the link lets it through. */
  open(): End;
  readonly servers: readonly End[];
}

function endOf(socket: Socket): End {
  let heard = '';
  let end: string | undefined;
  socket.on('data', (chunk) => {
    heard += chunk.toString();
  });
  socket.once('error', (error) => {
    end ??= 'code' in error ? String(error.code) : error.message;
  });
  socket.once('end', () => {
    end ??= 'end';
  });
  return {
    socket,
    get heard() {
      return heard;
    },
    get end() {
      return end;
    },
  };
}

async function startLink(delayMs?: number): Promise<Link> {
  const servers: End[] = [];
  const server = createServer((socket) => void servers.push(endOf(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const weather = await startWeather(address.port, delayMs);
  const clients: End[] = [];
  return {
    weather,
    servers,
    open: () => {
      const client = endOf(dial(weather.port, '127.0.0.1'));
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of [...clients, ...servers]) socket.destroy();
      await weather[Symbol.asyncDispose]();
      server.close();
    },
  };
}

/** Opens a connection through which each end has heard the other. */
async function opened(link: Link): Promise<{ client: End; server: End }> {
  const before = link.servers.length;
  const client = link.open();
  client.socket.write('>');
  const server = await until('the server end', () => link.servers[before]);
  await until('the first byte', () => server.heard === '>');
  server.socket.write('<');
  await until('the first byte back', () => client.heard === '<');
  return { client, server };
}

describe('a link', () => {
  it('passes bytes both ways and the end of a stream', async () => {
    await using link = await startLink();
    const { client, server } = await opened(link);
    client.socket.end('last');
    await until('the end', () => server.end === 'end');
    expect(server.heard).toBe('>last');
  });

  it('that is cut resets both ends', async () => {
    await using link = await startLink();
    const { client, server } = await opened(link);
    link.weather.cut();
    await until('both resets', () => client.end === 'ECONNRESET' && server.end === 'ECONNRESET');
    await opened(link);
  });

  it('that ends closes both ends in order', async () => {
    await using link = await startLink();
    const { client, server } = await opened(link);
    link.weather.end();
    await until('both ends', () => client.end === 'end' && server.end === 'end');
  });

  it('with a hole up passes only what comes down, and the rest after the hole', async () => {
    await using link = await startLink();
    const { client, server } = await opened(link);
    link.weather.hole('up');
    client.socket.write('late');
    server.socket.write('now');
    await until('the other way', () => client.heard === '<now');
    expect(server.heard).toBe('>');
    link.weather.clear();
    await until('the held bytes', () => server.heard === '>late');
  });

  it('with a hole tells neither end that the other has gone', async () => {
    await using link = await startLink();
    const { client, server } = await opened(link);
    link.weather.hole('up', 'down');
    client.socket.resetAndDestroy();
    const waiting = link.open();
    waiting.socket.write('new');
    await once(waiting.socket, 'connect');
    expect([server.end, link.servers.length]).toEqual([undefined, 1]);
    link.weather.clear();
    await until('the reset', () => server.end === 'ECONNRESET');
    await until('the new connection', () => link.servers[1]?.heard === 'new');
  });

  it('that forgets keeps its old connections silent and passes new ones', async () => {
    await using link = await startLink();
    const { client, server } = await opened(link);
    link.weather.hole('down');
    server.socket.write('lost');
    link.weather.clear(true);
    client.socket.write('lost');
    client.socket.end();
    await opened(link);
    expect([client.heard, server.heard, server.end]).toEqual(['<', '>', undefined]);
  });

  it('that trickles passes all bytes in order', async () => {
    await using link = await startLink();
    const { client, server } = await opened(link);
    link.weather.trickle(10);
    const text = 'abcdefghij'.repeat(30);
    client.socket.end(text);
    await until('some bytes', () => server.heard.length > 1);
    // At this rate all of them take 30 s.
    expect(server.heard.length).toBeLessThan(text.length);
    link.weather.clear();
    await until('all bytes', () => server.end === 'end');
    expect(server.heard).toBe(`>${text}`);
  });

  it('with a delay passes chunks later and in order', async () => {
    await using link = await startLink(200);
    const { client, server } = await opened(link);
    const began = Date.now();
    client.socket.write('a');
    client.socket.end('b');
    await until('the end', () => server.end === 'end');
    expect(server.heard).toBe('>ab');
    expect(Date.now() - began).toBeGreaterThanOrEqual(190);
  });

  it('with a delay that is cut loses the bytes on their way', async () => {
    await using link = await startLink(30_000);
    const client = link.open();
    await until('the server end', () => link.servers[0]);
    await new Promise((resolve) => client.socket.write('lost', resolve));
    link.weather.cut();
    await until('both resets', () => client.end === 'ECONNRESET' && link.servers[0]?.end === 'ECONNRESET');
    expect(link.servers[0]?.heard).toBe('');
  });
});
