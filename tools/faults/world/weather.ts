import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { type Condition, Pipe } from './pipe.ts';

/** `up` is what the client sends, `down` what the server sends. */
export type Way = 'up' | 'down';

/** A link before a server on 127.0.0.1, with the faults of a real network. Bytes are never dropped from a living stream. */
export interface Weather extends AsyncDisposable {
  readonly port: number;
  /** Resets all connections: both ends learn it at once. */
  cut(): void;
  /** Closes all connections in order. */
  end(): void;
  /** From now on nothing passes these ways, neither bytes nor the end of a connection. New connections wait. */
  hole(...ways: Way[]): void;
  /** From now on so many bytes a second pass each way of each connection. */
  trickle(bytesPerSecond: number): void;
  /**
   * Everything passes again, and what was held passes late.
   * @param forgets whether the connections from before the hole stay silent for good, as after a NAT that forgot them
   */
  clear(forgets?: boolean): void;
}

/** A client's connection, and the one to the server, which waits for a link without a hole. */
interface Connection {
  readonly client: Socket;
  upstream: Socket | undefined;
  pipes: readonly Pipe[];
  /** Whether it was there when the hole began. */
  isOld: boolean;
}

/**
 * Starts one before a port of 127.0.0.1.
 * @param delayMs that each byte is on its way: a cut loses these bytes, as it does in a real network
 */
export async function startWeather(target: number, delayMs = 0): Promise<Weather> {
  const ways: Record<Way, Condition> = { up: { isHoled: false, delayMs }, down: { isHoled: false, delayMs } };
  const connections = new Set<Connection>();
  const isHoled = () => ways.up.isHoled || ways.down.isHoled;

  const join = (connection: Connection) => {
    const { client } = connection;
    const upstream = dial({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    connection.upstream = upstream;
    connection.pipes = [new Pipe(client, upstream, ways.up), new Pipe(upstream, client, ways.down)];
    const pass = () => {
      for (const pipe of connection.pipes) pipe.pass();
    };
    upstream.once('connect', pass);
    const leave = () => {
      // The other end may not have learned of it yet.
      if (!client.destroyed || !upstream.destroyed) return;
      for (const pipe of connection.pipes) pipe.close();
      connections.delete(connection);
    };
    for (const each of [client, upstream]) each.once('close', leave);
    client.resume();
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
    const connection: Connection = { client, upstream: undefined, pipes: [], isOld: false };
    connections.add(connection);
    client.on('error', () => undefined);
    if (!isHoled()) return join(connection);
    client.once('close', () => connection.upstream ?? connections.delete(connection));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the link has no port');

  const each = (act: (socket: Socket) => void) => {
    for (const { client, upstream } of [...connections])
      for (const socket of [client, upstream]) if (socket) act(socket);
  };
  const passAll = () => {
    for (const { pipes } of connections) for (const pipe of pipes) pipe.pass();
  };
  const cut = () => each((socket) => socket.resetAndDestroy());
  return {
    port: address.port,
    cut,
    end: () => each((socket) => socket.end()),
    hole: (...holed) => {
      for (const connection of connections) connection.isOld = true;
      for (const way of holed) ways[way].isHoled = true;
    },
    trickle: (bytesPerSecond) => {
      for (const way of [ways.up, ways.down]) way.bytesPerSecond = bytesPerSecond;
    },
    clear: (forgets = false) => {
      for (const way of [ways.up, ways.down]) Object.assign(way, { isHoled: false, bytesPerSecond: undefined });
      for (const connection of connections) {
        if (connection.isOld && forgets) for (const pipe of connection.pipes) pipe.forget();
        connection.isOld = false;
        if (connection.upstream === undefined && !connection.client.destroyed) join(connection);
      }
      passAll();
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
