import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { within } from './rig/client.ts';

/** Runs `npm run demo -- --check`; calls back with each line. */
async function runDemo(onLine: (line: string) => void): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['demo/main.ts', '--check']);
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

describe('npm run demo -- --check', () => {
  it('loses nothing', async () => {
    const { code, output } = await runDemo(() => undefined);
    expect(output).toMatch(/demo: (\d+) requests, \1 answered, 0 lost/);
    expect(Number(/demo: (\d+) requests/.exec(output)?.[1])).toBeGreaterThanOrEqual(500);
    expect(code).toBe(0);
  }, 330_000);

  it('fails when a peer is killed, and says which', async () => {
    const { code, output } = await runDemo((line) => {
      const pid = /^peer +twin 4, pid (\d+)/.exec(line)?.[1];
      if (pid !== undefined) process.kill(Number(pid), 'SIGKILL');
    });
    expect(code).toBe(1);
    expect(output).toContain('demo: failed: peer of twin 4 ended (SIGKILL)');
  }, 330_000);
});
