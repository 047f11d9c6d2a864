import { format } from 'node:util';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { hideSecrets } from './config/mask.ts';
import type { Log } from './ports.ts';

/** Never in a log, wherever it stands. */
const SECRETS = ['secret', 'mnemonic', 'seed', 'token', 'jwt', '*.secret', '*.mnemonic', '*.seed', '*.token', '*.jwt'];

/**
 * Logs to stderr: for people at a terminal, as JSON lines elsewhere.
 * @param secrets texts that must appear nowhere: a library may put one into its error
 */
export function openLog(level: 'info' | 'debug' | 'trace', secrets: readonly string[]): Log {
  const options = { name: 'rmb-peer', level, redact: SECRETS };
  // A stream in this process: pino's transports run in workers, from files that a bundle does not have.
  const output = pino.destination({ dest: 2, sync: process.stderr.isTTY });
  const sink = process.stderr.isTTY ? pretty({ destination: output, ignore: 'pid,hostname,name' }) : output;
  let isRead = true;
  // The reader left. What is written to the stream after that would pile up in memory.
  output.on('error', () => {
    isRead = false;
  });
  return pino(options, { write: (line: string) => void (isRead && sink.write(hideSecrets(line, secrets))) });
}

/** What libraries say goes into the log as well: a line among the JSON that is none breaks whoever reads it. */
export function captureConsole(log: Log): void {
  console.warn = (...parts: unknown[]) => log.warn({}, format(...parts));
  console.error = (...parts: unknown[]) => log.error({}, format(...parts));
  console.info = (...parts: unknown[]) => log.info({}, format(...parts));
  console.log = console.info;
}
