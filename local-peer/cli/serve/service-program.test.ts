import { describe, expect, it } from 'vitest';
import { runProgram } from './service-program.ts';

/** Runs a shell script as a service. */
async function run(script: string, payload = '', ms = 60_000) {
  const lines: string[] = [];
  const program = { program: 'sh', args: ['-c', script], onStderr: (line: string) => void lines.push(line) };
  const outcome = await runProgram(program, new TextEncoder().encode(payload), process.env, AbortSignal.timeout(ms));
  const text = outcome.kind === 'response' ? new TextDecoder().decode(outcome.data) : outcome.message;
  return { kind: outcome.kind, text, lines };
}

describe('runProgram', () => {
  it('gives the payload on stdin, and returns what the program writes on stdout', async () => {
    expect(await run('tr a-z A-Z', 'hello')).toEqual({ kind: 'response', text: 'HELLO', lines: [] });
  });

  it('returns output that the program writes right before its exit', async () => {
    const { text } = await run('head -c 300000 /dev/zero | tr "\\0" x');
    expect(text).toHaveLength(300_000);
  });

  it('makes an error of another exit code, with the last line of stderr', async () => {
    const script = 'echo one >&2; echo two >&2; exit 3';
    expect(await run(script)).toEqual({ kind: 'error', text: 'two', lines: ['one', 'two'] });
    expect(await run('exit 3')).toMatchObject({ kind: 'error', text: 'the service ended with 3' });
  });

  it('ends a program that takes too long, with its children', async () => {
    expect(await run('sleep 600 & sleep 600', '', 50)).toMatchObject({
      kind: 'error',
      text: 'the service took longer than its caller waits',
    });
  });

  it('ends a program that writes too much', async () => {
    expect(await run('cat /dev/zero')).toMatchObject({
      kind: 'error',
      text: expect.stringContaining('is longer than'),
    });
  });

  it('says that a program cannot be started, without its path', async () => {
    const program = { program: '/secret/path', args: [], onStderr: () => undefined };
    const outcome = await runProgram(program, new Uint8Array(0), process.env, AbortSignal.timeout(60_000));
    expect(outcome).toEqual({ kind: 'error', message: "the service's program cannot be started (ENOENT)" });
  });
});
