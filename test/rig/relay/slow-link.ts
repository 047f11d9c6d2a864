import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** A link before a server whose client reads slowly: a TCP proxy on 127.0.0.1. */
export interface SlowLink extends AsyncDisposable {
  readonly port: number;
  /** From now on the client reads as fast as it can. */
  open(): void;
}

/** Starts one. @param bytesPerSecond that pass from the server to the client; 0: none */
export async function startSlowLink(target: number, bytesPerSecond: number): Promise<SlowLink> {
  const sockets = new Set<Socket>();
  const opened = Promise.withResolvers<void>();
  let isOpen = false;
  const server = createServer((client) => {
    const upstream = dial(target, '127.0.0.1');
    for (const each of [client, upstream]) {
      sockets.add(each);
      each.on('error', () => undefined);
      each.once('close', () => sockets.delete(each));
    }
    client.pipe(upstream);
    client.once('close', () => upstream.destroy());
    // The answer to the upgrade passes at once; what follows is read a little a second, or not at all.
    upstream.once('data', (head: Buffer) => {
      client.write(head);
      if (isOpen) return void upstream.pipe(client);
      upstream.pause();
      const trickle = setInterval(() => {
        const some: Buffer | null = bytesPerSecond > 0 ? upstream.read(bytesPerSecond) : null;
        if (some !== null) client.write(some);
      }, 1000);
      void opened.promise.then(() => {
        clearInterval(trickle);
        upstream.pipe(client);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the link has no port');
  return {
    port: address.port,
    open: () => {
      isOpen = true;
      opened.resolve();
    },
    [Symbol.asyncDispose]: async () => {
      opened.resolve();
      for (const each of sockets) each.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
