import { type Command, CommanderError } from 'commander';
import { UsageError } from '../config/layers.ts';
import { misuseText } from '../config/misuse.ts';
import { EXIT, exitCodeOf, kindOf } from './failure.ts';
import { plain, plainJson } from './plain.ts';

/** The end of a failed command: its exit code, and its lines on each stream. */
interface FailureReport {
  readonly code: number;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** The command that failed; undefined if there is no such command. */
interface Failed {
  readonly command: Command | undefined;
  /** Names of all commands. */
  readonly names: readonly string[];
  readonly argv: readonly string[];
}

/** Returns the report of a failure: JSON on stdout with `--json`, else text on stderr. */
export function failureReport(error: unknown, { command, names, argv }: Failed): FailureReport {
  const name = command === undefined ? 'rmb-peer' : `rmb-peer ${command.name()}`;
  const json = isJson(argv);
  if (error instanceof CommanderError || error instanceof UsageError) {
    const message = error instanceof CommanderError ? misuse(error, names) : error.message;
    if (json) return asJson(EXIT.misused, 'usage', message);
    const usage = command === undefined ? [] : [`usage: ${name} ${command.usage()}\n       ${name} --help explains it`];
    return { code: EXIT.misused, stdout: [], stderr: [`${name}: ${message}`, ...usage] };
  }
  // It may quote a stranger's text.
  const message = plain(error instanceof Error ? error.message : String(error));
  const code = exitCodeOf(error);
  return json ? asJson(code, kindOf(error), message) : { code, stdout: [], stderr: [`${name}: ${message}`] };
}

function asJson(code: number, kind: string, message: string): FailureReport {
  return { code, stdout: [plainJson({ ok: false, kind, message })], stderr: [] };
}

/** Returns Commander's text without the given value: it may be a secret. */
function misuse(error: CommanderError, names: readonly string[]): string {
  if (error.code === 'commander.excessArguments') return 'too many arguments: a text with spaces belongs in quotes';
  if (error.code !== 'commander.unknownCommand') return misuseText(error);
  const [hint = ''] = /\(Did you mean [^)]*\)/.exec(error.message) ?? [];
  return `there is no such command ${hint}; there are ${names.join(', ')}`.replace(' ;', ';');
}

/** Returns whether `--json` is given. Arguments after `--` belong to another program. */
function isJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}
