import { once } from 'node:events';
import { createServer } from 'node:net';

/** The answers of a Redis of 2018 to the doctor's commands; every other command is unknown to it. */
const ANSWERS: Readonly<Record<string, string>> = {
  ping: '+PONG\r\n',
  set: '+OK\r\n',
  del: ':1\r\n',
  info: bulk('# Server\r\nredis_version:5.0.14\r\n# Memory\r\nused_memory:1000\r\nmaxmemory:0\r\n'),
  scan: `*2\r\n${bulk('0')}*0\r\n`,
};
/** A command is an array of bulk strings; the first one is its name. */
const COMMAND = /^\*(\d+)\r\n/;
const WORD = /^\$(\d+)\r\n/;

/**
 * A Redis 5 as far as a doctor can tell: it speaks RESP2 and tells that version. Debian has one version of
 * redis-server, and that one is not too old.
 */
export async function startOldRedis(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let read = readCommand(text); read !== undefined; read = readCommand(text)) {
        text = text.slice(read.length);
        socket.write(ANSWERS[read.name] ?? `-ERR unknown command '${read.name}'\r\n`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `redis://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** The first command of a text, when it is whole. */
function readCommand(text: string): { readonly name: string; readonly length: number } | undefined {
  const [head = '', count] = COMMAND.exec(text) ?? [];
  if (count === undefined) return undefined;
  let at = head.length;
  let name = '';
  for (let word = 0; word < Number(count); word += 1) {
    const [size = '', length] = WORD.exec(text.slice(at)) ?? [];
    if (length === undefined) return undefined;
    const end = at + size.length + Number(length);
    if (text.length < end + 2) return undefined;
    if (word === 0) name = text.slice(at + size.length, end).toLowerCase();
    at = end + 2;
  }
  return { name, length: at };
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
