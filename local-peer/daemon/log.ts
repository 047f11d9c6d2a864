import { format } from 'node:util';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { hideSecrets } from '../../client/mask.ts';
import type { Log } from '../../client/ports.ts';

/** Fields that are redacted at any place. */
const SECRETS = ['secret', 'mnemonic', 'seed', 'token', 'jwt', '*.secret', '*.mnemonic', '*.seed', '*.token', '*.jwt'];

/**
 * Logs to stderr: for people at a terminal, as JSON lines elsewhere.
 * @param secrets texts that are hidden: a library may quote one in its error
 */
export function openLog(level: 'info' | 'debug' | 'trace', secrets: readonly string[]): Log {
  const options = { name: 'rmb-peer', level, redact: SECRETS };
  // A stream in this process: pino's transports are workers, started from files that a bundle does not have.
  const output = pino.destination({ dest: 2, sync: process.stderr.isTTY });
  const sink = process.stderr.isTTY ? pretty({ destination: output, ignore: 'pid,hostname,name' }) : output;
  let isRead = true;
  // The reader left: further lines would pile up in memory.
  output.on('error', () => {
    isRead = false;
  });
  return pino(options, { write: (line: string) => void (isRead && sink.write(hideSecrets(line, secrets))) });
}

/** Sends the console output of libraries to the log: a line that is no JSON breaks the reader of the log. */
export function captureConsole(log: Log): void {
  console.warn = (...parts: unknown[]) => log.warn({}, format(...parts));
  console.error = (...parts: unknown[]) => log.error({}, format(...parts));
  console.info = (...parts: unknown[]) => log.info({}, format(...parts));
  console.log = console.info;
}
