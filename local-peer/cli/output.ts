import { styleText } from 'node:util';
import { hideSecrets } from '../../client/mask.ts';
import type { Log } from '../../client/ports.ts';
import { plain, plainJson } from './plain.ts';

/** Writes a line of the result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one JSON value. */
export function printJson(value: object): void {
  print(plainJson(value));
}

/** Writes a line to stderr. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Returns a text in colour at a terminal, unless NO_COLOR is set. */
export function paint(colour: 'green' | 'red' | 'yellow' | 'dim' | 'bold', text: string): string {
  return styleText(colour, text, { stream: process.stdout });
}

/** Returns milliseconds as people read them. */
export function msText(ms: number): string {
  return ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}

/** Returns a log that is silent, or writes to stderr with `-d`. */
export function stderrLog(level: 'info' | 'debug' | 'trace', secrets: readonly string[]): Log {
  if (level === 'info') {
    const nothing = () => undefined;
    return { debug: nothing, info: nothing, warn: nothing, error: nothing };
  }
  const at = (name: string) => (fields: object, message: string) => {
    const details = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
    // It may quote a stranger's uid or error.
    note(plain(hideSecrets(`rmb-peer: ${name}: ${message}${details.join('')}`, secrets)));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warning'), error: at('error') };
}
