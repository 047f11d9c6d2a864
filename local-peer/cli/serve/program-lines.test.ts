import { describe, expect, it } from 'vitest';
import { programLines } from './program-lines.ts';

/** Starts a shell script as a streaming service. */
function start(script: string, { payload = '', signal = AbortSignal.timeout(60_000) } = {}) {
  const program = { program: 'sh', args: ['-c', script], onStderr: () => undefined };
  return programLines(program, new TextEncoder().encode(payload), process.env, signal);
}

async function all(script: string, options = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const { data } of start(script, options)) lines.push(new TextDecoder().decode(data));
  return lines;
}

describe('programLines', () => {
  it('yields each line of stdout without its end, empty ones too', async () => {
    expect(await all('cat; printf "\\nrest"', { payload: 'one\n\ntwo' })).toEqual(['one', '', 'two', 'rest']);
    expect(await all('true')).toEqual([]);
  });

  it('yields a line while its program runs', async () => {
    const lines = start('echo first; exec sleep 600');
    expect(new TextDecoder().decode((await lines.next()).value?.data)).toBe('first');
    await lines.return();
  });

  it('makes an error of another exit code, after the lines', async () => {
    const lines = start('echo one; echo no more >&2; exit 3');
    await lines.next();
    await expect(lines.next()).rejects.toThrow('no more');
  });

  it('ends the program and its children with its signal', async () => {
    const stop = new AbortController();
    const lines = start('echo one; sleep 600 & sleep 600', { signal: stop.signal });
    await lines.next();
    stop.abort();
    await expect(lines.next()).rejects.toThrow('the service took longer than its caller waits');
  });

  it('says that a program cannot be started, without its path', async () => {
    const program = { program: '/secret/path', args: [], onStderr: () => undefined };
    const lines = programLines(program, new Uint8Array(0), process.env, AbortSignal.timeout(60_000));
    await expect(lines.next()).rejects.toThrow("the service's program cannot be started (ENOENT)");
  });
});
