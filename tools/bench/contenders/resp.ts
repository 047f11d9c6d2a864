import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Replies of Redis to the few commands of a load. */
export type Reply = string | number | null | readonly Reply[];

/** Returns a reply and the start of the next one; undefined while it is incomplete. */
function readReply(text: string, from: number): { readonly reply: Reply; readonly next: number } | undefined {
  const end = text.indexOf('\r\n', from);
  if (end < 0) return undefined;
  const [kind, head, next] = [text[from], text.slice(from + 1, end), end + 2];
  const size = Number(head);
  if (kind === ':') return { reply: size, next };
  if (kind === '-') throw new Error(`Redis: ${head}`);
  if (kind !== '$' && kind !== '*') return { reply: head, next };
  if (size < 0) return { reply: null, next };
  if (kind === '*') return readArray(text, next, size);
  return text.length < next + size + 2 ? undefined : { reply: text.slice(next, next + size), next: next + size + 2 };
}

function readArray(text: string, from: number, size: number): { reply: Reply[]; next: number } | undefined {
  const reply: Reply[] = [];
  let next = from;
  for (let n = 0; n < size; n += 1) {
    const one = readReply(text, next);
    if (one === undefined) return undefined;
    reply.push(one.reply);
    next = one.next;
  }
  return { reply, next };
}

/**
 * A connection to Redis for a load: ASCII only, one batch of commands at a time, one write for each. It costs a tenth of
 * a full client, so that the load is not what is measured.
 */
export class LoadConnection {
  readonly #socket: Socket;
  #text = '';
  #onData: () => void = () => undefined;
  #onEnd: (error: Error) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (chunk) => {
      this.#text += chunk;
      this.#onData();
    });
    socket.once('close', () => this.#onEnd(new Error('Redis closed the connection')));
  }

  /** @param url redis://host:port */
  static async open(url: string): Promise<LoadConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new LoadConnection(socket);
  }

  /** Sends all commands at once. Resolves with their replies in order. */
  call(commands: readonly (readonly string[])[]): Promise<readonly Reply[]> {
    return new Promise((resolve, reject) => {
      this.#onEnd = reject;
      this.#onData = () => {
        try {
          const read = readArray(this.#text, 0, commands.length);
          if (read === undefined) return;
          this.#text = this.#text.slice(read.next);
          resolve(read.reply);
        } catch (error) {
          reject(error);
        }
      };
      this.#socket.write(commands.map(written).join(''), 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

function written(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}
