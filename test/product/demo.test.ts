import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { within } from '../rig/clients/client.ts';

/** Runs `npm run demo -- --check`; calls back with each line. */
async function runDemo(
  onLine: (line: string) => void,
  ...flags: string[]
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['tools/demo/main.ts', '--check', ...flags]);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      onLine(line);
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code: await within(ended, 'the end of the demo', 300_000), output: lines.join('\n') };
}

describe.concurrent('npm run demo -- --check', () => {
  it('loses nothing', async () => {
    const { code, output } = await runDemo(() => undefined);
    expect(output).toMatch(/demo: (\d+) requests, \1 answered, 0 lost/);
    expect(Number(/demo: (\d+) requests/.exec(output)?.[1])).toBeGreaterThanOrEqual(500);
    expect(code).toBe(0);
  }, 330_000);

  it('loses nothing while the relay is killed again and again', async () => {
    const { code, output } = await runDemo(() => undefined, '--kill', 'relay');
    expect(output).toMatch(/the relay was killed [1-9]\d* times\ndemo: (\d+) requests, \1 answered, 0 lost/);
    expect(code).toBe(0);
  }, 330_000);

  it('fails when a peer is killed and names it', async () => {
    const { code, output } = await runDemo((line) => {
      const pid = /^peer +twin 4, pid (\d+)/.exec(line)?.[1];
      if (pid !== undefined) process.kill(Number(pid), 'SIGKILL');
    });
    expect(code).toBe(1);
    expect(output).toContain('demo: failed: peer of twin 4 ended (SIGKILL)');
  }, 330_000);
});
