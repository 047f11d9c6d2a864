import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** A node that is far away: a TCP proxy on 127.0.0.1 that delays all bytes, both ways. */
export interface FarNode extends AsyncDisposable {
  readonly url: string;
  /** Connections that were opened. */
  readonly dials: number;
  /** The most that were open at a time. */
  readonly mostOpen: number;
}

/** Starts one before a node on this machine. @param ms there, and again back */
export async function startFarNode(port: number, ms: number): Promise<FarNode> {
  const open = new Set<Socket>();
  const seen = { dials: 0, mostOpen: 0 };
  const delayed = (from: Socket, to: Socket) => {
    from.on('data', (chunk: Buffer) => setTimeout(() => to.write(chunk), ms));
    from.once('close', () => setTimeout(() => to.destroy(), ms));
    from.on('error', () => undefined);
  };
  const server = createServer((client) => {
    const node = dial(port, '127.0.0.1');
    open.add(client);
    seen.dials += 1;
    seen.mostOpen = Math.max(seen.mostOpen, open.size);
    client.once('close', () => open.delete(client));
    delayed(client, node);
    delayed(node, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the far node has no port');
  return {
    url: `ws://127.0.0.1:${address.port}`,
    get dials() {
      return seen.dials;
    },
    get mostOpen() {
      return seen.mostOpen;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const each of open) each.destroy();
      await closed;
    },
  };
}
