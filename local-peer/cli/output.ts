import { styleText } from 'node:util';
import { hideSecrets } from '../config/mask.ts';
import { plain, plainJson } from '../plain.ts';
import type { Log } from '../ports.ts';

/** Writes a line for whoever reads the result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one JSON value. */
export function printJson(value: object): void {
  print(plainJson(value));
}

/** Writes a line beside the result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A text in colour, where a person reads it: at a terminal, unless NO_COLOR is set. */
export function paint(colour: 'green' | 'red' | 'yellow' | 'dim' | 'bold', text: string): string {
  return styleText(colour, text, { stream: process.stdout });
}

/** Milliseconds as people read them. */
export function msText(ms: number): string {
  return ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}

/** Says nothing of its work unless asked by `-d`: then on stderr. */
export function stderrLog(level: 'info' | 'debug' | 'trace', secrets: readonly string[]): Log {
  if (level === 'info') {
    const nothing = () => undefined;
    return { debug: nothing, info: nothing, warn: nothing, error: nothing };
  }
  const at = (name: string) => (fields: object, message: string) => {
    const details = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
    // A stranger's uid or error may be in it.
    note(plain(hideSecrets(`rmb-peer: ${name}: ${message}${details.join('')}`, secrets)));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warning'), error: at('error') };
}
