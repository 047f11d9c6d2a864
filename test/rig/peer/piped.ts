import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { within } from '../clients/client.ts';
import { bareEnvironment } from '../process.ts';
import type { Ended } from './command.ts';

const PROGRAM = fileURLToPath(new URL('../../../local-peer/main.ts', import.meta.url));
const TELL_OUTPUT = fileURLToPath(new URL('tell-output.ts', import.meta.url));

/** Fills the pipe with zero bytes before the command starts, so that nothing it writes leaves at once. */
const FILL = 'dd if=/dev/zero bs=4096 oflag=nonblock 2>/dev/null';
/** The reader at the other end of the pipe, once the command has written. */
const READERS = { reads: "tr -d '\\0'", leaves: 'true' } as const;

/** The end of a command whose pipe was full when it wrote. */
export interface HeldEnd extends Ended {
  /** Bytes that were still in the process when it ended. */
  readonly lost: number;
}

/**
 * Runs a command into a pipe that is full, and whose reader waits until the command has written.
 * @param reader what the reader does then
 */
export async function runIntoFullPipe(
  reader: keyof typeof READERS,
  args: readonly string[],
  env: Record<string, string>,
): Promise<HeldEnd> {
  const script = `{ ${FILL}; exec "$@" 3<&-; } | { read -r -u 3 _; ${READERS[reader]}; }; exit "\${PIPESTATUS[0]}"`;
  const ended = await runNode(script, ['--import', TELL_OUTPUT, PROGRAM, ...args], env);
  const [, lost] = /^lost (\d+)$/m.exec(ended.stderr) ?? [];
  return { ...ended, stderr: ended.stderr.replaceAll(/^(?:written|lost \d+)\n/gm, ''), lost: Number(lost) };
}

/** Runs a shell script that runs a command as `"$@"`. */
export async function runInShell(script: string, args: readonly string[], env: Record<string, string>): Promise<Ended> {
  return runNode(script, [PROGRAM, ...args], env);
}

async function runNode(script: string, args: readonly string[], env: Record<string, string>): Promise<Ended> {
  const child = spawn('bash', ['-c', script, 'bash', process.execPath, ...args], {
    env: { ...bareEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A process group of its own, so that its end is the end of the whole pipeline.
    detached: true,
  });
  const outputs = { stdout: '', stderr: '' };
  const [, stdout, stderr, go] = child.stdio;
  stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    outputs.stdout += chunk;
  });
  stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    outputs.stderr += chunk;
    if (outputs.stderr.includes('written\n') && go instanceof Writable && go.writable) go.end('\n');
  });
  const closed = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...outputs })));
  try {
    return await within(closed, `the end of ${args.join(' ')}`);
  } finally {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }
}
