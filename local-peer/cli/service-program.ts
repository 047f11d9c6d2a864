import { spawn } from 'node:child_process';
import { SETTINGS, variableOf } from '../config/table.ts';

/** Relays take 16 MiB an envelope; what is longer could not be sent. */
const MOST_OUTPUT = 15 * 2 ** 20;
/** Of what a program says last. */
const MOST_LINE = 500;

/** What came of a program that was given a request. */
export type Outcome =
  | { readonly kind: 'answer'; readonly data: Uint8Array }
  | { readonly kind: 'error'; readonly message: string };

/** A program, and how it is called. */
export interface ServiceProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** What it writes on stderr, besides being listened to. */
  onStderr(chunk: Buffer): void;
}

/** Our own settings; the secret among them is none of a service's business. */
const OURS = [...SETTINGS.map(({ name }) => variableOf(name)), variableOf('config')];

/**
 * Runs a service's program for one request: the payload on its stdin, the answer on its stdout. Another exit code
 * than 0 is an error, in the words of its last line on stderr.
 * @param metadata variables that tell it of the request
 * @param ms when nobody waits for the answer any longer
 */
export async function runProgram(
  { program, args, onStderr }: ServiceProgram,
  payload: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  ms: number,
): Promise<Outcome> {
  const env = { ...process.env, ...metadata };
  for (const name of OURS) delete env[name];
  const child = spawn(program, [...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let size = 0;
  let said = '';
  let fault: string | undefined;
  const give = (why: string) => {
    fault ??= why;
    child.kill('SIGKILL');
  };
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MOST_OUTPUT) return give(`the answer is longer than ${MOST_OUTPUT} bytes`);
    chunks.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    onStderr(chunk);
    said = `${said}${chunk}`.slice(-4 * MOST_LINE);
  });
  // A program need not read what it was given.
  child.stdin.on('error', () => undefined);
  child.stdin.end(payload);
  const timer = setTimeout(() => give('the service took longer than the caller waits'), Math.min(ms, 2 ** 31 - 1));
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      fault ??= `the service’s program cannot be started: ${error.message}`;
      resolve(null);
    });
    child.once('close', resolve);
  });
  clearTimeout(timer);
  if (fault !== undefined) return { kind: 'error', message: fault };
  if (code === 0) return { kind: 'answer', data: Buffer.concat(chunks) };
  const line = said.trimEnd().split('\n').at(-1)?.trim().slice(-MOST_LINE) ?? '';
  const ended = code === null ? 'was killed by a signal' : `ended with ${code}`;
  return { kind: 'error', message: line === '' ? `the service ${ended}` : line };
}
