import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { ensureProgram } from '../../clients/debian.ts';

const run = promisify(execFile);

/** An authority of our own and a certificate of it for localhost and 127.0.0.1, gone when it is disposed. */
export interface Authority extends AsyncDisposable {
  /** The file to give a relay as NODE_EXTRA_CA_CERTS: Miniflare hands what is in it to workerd. */
  readonly caFile: string;
  readonly key: Buffer;
  readonly certificate: Buffer;
}

/** Makes one with openssl. */
export async function makeAuthority(): Promise<Authority> {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-tls-'));
  const file = (name: string) => join(directory, name);
  ensureProgram('openssl', 'openssl', 'version');
  const openssl = (...args: string[]) => run('openssl', args);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    ...['req', '-x509', ...newKey, '-keyout', file('ca.key'), '-out', file('ca.pem')],
    ...['-days', '2', '-subj', '/CN=RMB test authority'],
  );
  await openssl('req', ...newKey, '-keyout', file('key.pem'), '-out', file('request.pem'), '-subj', '/CN=localhost');
  await writeFile(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  await openssl(
    ...['x509', '-req', '-in', file('request.pem'), '-CA', file('ca.pem'), '-CAkey', file('ca.key')],
    ...['-CAcreateserial', '-days', '2', '-extfile', file('names'), '-out', file('certificate.pem')],
  );
  return {
    caFile: file('ca.pem'),
    key: await readFile(file('key.pem')),
    certificate: await readFile(file('certificate.pem')),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * Ends TLS on one port of 127.0.0.1 and passes the bytes on to another, WebSockets included: what Cloudflare, or a
 * proxy before a Rust relay, does.
 */
export async function startTlsFront(
  authority: Authority,
  port: number,
  relayPort: number,
): Promise<AsyncDisposable & { readonly connections: number }> {
  const sockets = new Set<TLSSocket>();
  let connections = 0;
  const server = createServer({ key: authority.key, cert: authority.certificate }, (socket) => {
    connections += 1;
    sockets.add(socket);
    const relay = connect(relayPort, '127.0.0.1');
    socket.pipe(relay).pipe(socket);
    for (const [one, other] of [
      [socket, relay],
      [relay, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.once('close', () => other.destroy());
    }
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
