import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** `up` is what the client says, `down` what the server says. */
type Direction = 'up' | 'down';

/** Chunks of one connection that are held back in one direction. */
export interface Hold {
  /** Resolves when the first chunk is held back. */
  readonly reached: Promise<void>;
  /** Passes on what was held back, and all that follows. */
  release(): void;
}

/** A TCP proxy on 127.0.0.1 that can misbehave. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Drops everything in these directions from now on; connections stay open, and new ones are accepted. */
  blackhole(...directions: Direction[]): void;
  /** Drops everything on some connections for good. @param isMeant picks one by all that its client has sent */
  mute(isMeant: (said: string) => boolean): void;
  /** Everything passes again; what came meanwhile is gone. */
  restore(): void;
  /** Ends all connections. */
  cut(): void;
  /** Ends all connections and takes no more, until `listen`. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  /** Delays each chunk (ms). */
  delay(ms: number): void;
  /** Changes what passes in a direction. */
  rewrite(direction: Direction, change: (chunk: Buffer) => Buffer): void;
  /**
   * Stops everything at one step: when a chunk matches, nothing passes any more in either direction. Resolves then.
   * @param isPassed whether that chunk is the last to pass, or the first to be kept back
   */
  stopAt(direction: Direction, matches: (chunk: Buffer) => boolean, isPassed: boolean): Promise<void>;
  /** Holds back the first chunk that matches, and what follows it on its connection in that direction. */
  holdAt(direction: Direction, matches: (chunk: Buffer) => boolean): Hold;
}

interface HeldBack {
  readonly direction: Direction;
  readonly matches: (chunk: Buffer) => boolean;
  readonly reach: () => void;
  readonly chunks: Buffer[];
  /** undefined before the first chunk. */
  ends: { readonly from: Socket; readonly to: Socket } | undefined;
}

interface Connection {
  /** All that the client has sent. */
  said: string;
  isMute: boolean;
}

/** Starts one before a server. */
export async function startProxy(target: { port: number; host?: string }): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const blocked = new Set<Direction>();
  const holds = new Set<HeldBack>();
  const changes = new Map<Direction, (chunk: Buffer) => Buffer>();
  let latency = 0;
  let stop:
    | { direction: Direction; matches: (chunk: Buffer) => boolean; isPassed: boolean; reached(): void }
    | undefined;

  const connections = new Set<Connection>();

  const forward = (direction: Direction, connection: Connection, from: Socket, to: Socket) => {
    from.on('data', (chunk: Buffer) => {
      if (direction === 'up') connection.said += chunk.toString('latin1');
      for (const hold of holds) {
        if (hold.ends === undefined && hold.direction === direction && hold.matches(chunk)) hold.ends = { from, to };
        if (hold.ends?.from !== from) continue;
        hold.chunks.push(chunk);
        return hold.reach();
      }
      if (blocked.has(direction) || connection.isMute) return;
      const isStep = stop?.direction === direction && stop.matches(chunk);
      if (isStep) {
        for (const each of ['up', 'down'] as const) blocked.add(each);
        stop?.reached();
      }
      if (isStep && stop?.isPassed === false) return;
      const changed = changes.get(direction)?.(chunk) ?? chunk;
      if (latency === 0) to.write(changed);
      else setTimeout(() => to.writable && to.write(changed), latency);
    });
    // Each side learns at once that the other has closed: a blackhole drops data, not connections.
    from.on('close', () => to.destroy());
    from.on('error', () => to.destroy());
  };
  const server = createServer((client) => {
    const upstream = dial(target.port, target.host ?? '127.0.0.1');
    for (const each of [client, upstream]) {
      sockets.add(each);
      each.setNoDelay(true);
      each.once('close', () => sockets.delete(each));
    }
    const connection = { said: '', isMute: false };
    connections.add(connection);
    client.once('close', () => connections.delete(connection));
    forward('up', connection, client, upstream);
    forward('down', connection, upstream, client);
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const { port } = address;
  const cut = () => {
    for (const each of sockets) each.destroy();
  };
  const refuse = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  return {
    port,
    blackhole: (...directions) => {
      for (const each of directions) blocked.add(each);
    },
    mute: (isMeant) => {
      for (const each of connections) each.isMute ||= isMeant(each.said);
    },
    restore: () => {
      blocked.clear();
      changes.clear();
      stop = undefined;
      latency = 0;
    },
    cut,
    refuse,
    listen: () => listen(port),
    delay: (ms) => {
      latency = ms;
    },
    rewrite: (direction, change) => void changes.set(direction, change),
    stopAt: (direction, matches, isPassed) =>
      new Promise((resolve) => {
        stop = { direction, matches, isPassed, reached: resolve };
      }),
    holdAt: (direction, matches) => {
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      const hold: HeldBack = { direction, matches, reach, chunks: [], ends: undefined };
      holds.add(hold);
      const release = () => {
        holds.delete(hold);
        for (const chunk of hold.chunks) hold.ends?.to.write(chunk);
      };
      return { reached, release };
    },
    [Symbol.asyncDispose]: refuse,
  };
}
