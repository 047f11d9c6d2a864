import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from './ports.ts';

/** Never in a log, wherever it stands. */
const SECRETS = ['secret', 'mnemonic', 'seed', 'token', 'jwt', '*.secret', '*.mnemonic', '*.seed', '*.token', '*.jwt'];

/** Logs to stderr: for people at a terminal, as JSON lines elsewhere. */
export function openLog(level: 'info' | 'debug' | 'trace'): Log {
  const options = { name: 'rmb-peer', level, redact: SECRETS };
  if (process.stderr.isTTY) return pino(options, pretty({ destination: 2, sync: true, ignore: 'pid,hostname,name' }));
  return pino(options, pino.destination({ dest: 2, sync: false }));
}
