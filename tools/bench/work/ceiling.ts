import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Times } from '../contenders/measure.ts';
import { measureLanes, type Ways } from './lanes.ts';

const SESSIONS = 8;

/** Resolves with the load generator's own rate: 8 sessions × 32 in flight of 256 B against a bare echo. */
export async function measureCeiling(times: Times): Promise<number> {
  const echo = spawn(process.execPath, [fileURLToPath(new URL('../load/echo.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port]: unknown[] = await once(echo.stdout, 'data');
    const ways: Ways = Array.from({ length: SESSIONS }, (_, n) => [n, n]);
    const url = `ws://127.0.0.1:${String(port).trim()}`;
    const { rate } = await measureLanes(
      { url, pids: [], checksTokens: false },
      { ways, flight: 32, bytes: 256, threads: 1 },
      times,
    );
    return rate;
  } finally {
    echo.kill();
  }
}
