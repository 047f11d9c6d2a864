import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from '../clients/client.ts';
import { ensureProgram } from '../clients/debian.ts';

/** Takes datagrams as systemd does, which Node cannot; writes each as a line of JSON. */
const RECEIVER = `
import json, socket, sys
taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
taken.bind(sys.argv[1])
print("[]", flush=True)
while True:
    print(json.dumps(taken.recv(65536).decode().splitlines()), flush=True)
`;

/** The socket on which systemd listens to its services. */
export interface NotifySocket extends AsyncDisposable {
  readonly path: string;
  /** Every assignment heard, in order. */
  readonly heard: readonly string[];
  /** Resolves to the next assignment that begins so, or the first one that did. */
  hears(prefix: string): Promise<string>;
}

/** Opens one. */
export async function openNotifySocket(): Promise<NotifySocket> {
  ensureProgram('python3', 'python3');
  const directory = await mkdtemp(join(tmpdir(), 'rmb-notify-'));
  const path = join(directory, 'notify');
  const child = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const heard: string[] = [];
  const listeners = new Set<() => void>();
  const lines = createInterface({ input: child.stdout });
  await within(once(lines, 'line'), 'the socket of systemd');
  lines.on('line', (line) => {
    heard.push(...JSON.parse(line));
    for (const listener of [...listeners]) listener();
  });
  const hears = (prefix: string) =>
    new Promise<string>((resolve) => {
      const look = () => {
        const found = heard.find((each) => each.startsWith(prefix));
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
    });
  return {
    path,
    heard,
    hears: (prefix) => within(hears(prefix), `systemd to hear ${prefix}`),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true });
    },
  };
}
