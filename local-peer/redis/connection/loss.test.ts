import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createClient, ErrorReply } from 'redis';
import { expect, it } from 'vitest';
import { lossOf } from './loss.ts';

/** Returns the first error of a client whose server treats each connection like this. */
async function firstError(treat: (socket: Socket) => void): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    treat(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const client = createClient({ url: `redis://127.0.0.1:${address.port}`, socket: { socketTimeout: 50 } });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  client.on('error', resolve);
  client.connect().catch(() => undefined);
  const error = await promise;
  client.destroy();
  server.close();
  return error;
}

it.each<[string, string, (socket: Socket) => void]>([
  ['a server that says nothing', 'no answer in time', () => undefined],
  ['a server that closes', 'Redis closed the connection', (socket) => socket.end()],
  [
    'a web server',
    'the server does not answer like Redis',
    (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  ],
  ['a Redis with a password', 'NOAUTH: Redis wants a password', (socket) => socket.write('-NOAUTH text\r\n')],
])('says in our words why there is no connection: %s', async (_, expected, treat) => {
  expect(lossOf(await firstError(treat))).toContain(expected);
});

it('keeps the word of the system, of each address that was tried', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:6379'), { code: 'ECONNREFUSED' });
  expect(lossOf(new AggregateError([refused, new ErrorReply('LOADING text')]))).toBe(
    'connect ECONNREFUSED ::1:6379, LOADING: Redis is loading its data; wait until it is done',
  );
});
