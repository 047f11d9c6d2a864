import { Command, CommanderError } from 'commander';
import { UsageError } from '../config/layers.ts';
import { misuseText } from '../config/misuse.ts';
import { doctorCommand } from '../doctor/command.ts';
import { benchCommand } from './bench.ts';
import { callCommand } from './call.ts';
import { completionCommand } from './completion.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { endOnSignals } from './interrupt.ts';
import { endOnLostOutput } from './leave.ts';
import { note, printJson } from './output.ts';
import { pingCommand } from './ping.ts';
import { relayCommand } from './relay.ts';
import { serveCommand } from './serve.ts';
import { twinCommand } from './twin.ts';

/** All that `rmb-peer` does besides being a daemon, in the order of its help. */
const COMMANDS: readonly (() => Command)[] = [
  callCommand,
  serveCommand,
  pingCommand,
  twinCommand,
  relayCommand,
  benchCommand,
  doctorCommand,
  () => completionCommand(commands),
];

function commands(): Command[] {
  return COMMANDS.map((make) => make());
}

/** Whether what stands behind the program's name asks for a command; else it is the daemon that shall run. */
export function asksForCommand([first, ...others]: readonly string[]): boolean {
  if (first === undefined || first.startsWith('-')) return false;
  return first !== 'help' || others.length > 0;
}

/** What the daemon's help says of the commands. */
export function commandsHelp(): string {
  const lines = commands().map((command) => `  ${command.name().padEnd(12)}${command.summary()}`);
  return `
Alone it is the daemon. Its commands need neither a daemon nor Redis:
${lines.join('\n')}
rmb-peer COMMAND --help says more of each.
`;
}

/** Runs a command. @returns its exit code */
export async function runCommand(argv: readonly string[]): Promise<number> {
  endOnSignals();
  endOnLostOutput();
  const root = new Command('rmb-peer')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .enablePositionalOptions();
  for (const command of commands()) root.addCommand(command.copyInheritedSettings(root));
  try {
    await root.parseAsync([...argv], { from: 'user' });
    // A command that reports, and has nothing to throw, sets it.
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    const command = root.commands.find((each) => each.name() === argv[0]);
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    return fail(error, command, isJson(argv));
  }
}

function fail(error: unknown, command: Command | undefined, json: boolean): number {
  const name = command === undefined ? 'rmb-peer' : `rmb-peer ${command.name()}`;
  if (error instanceof CommanderError || error instanceof UsageError) {
    const message = error instanceof CommanderError ? misuse(error) : error.message;
    if (json) printJson({ ok: false, kind: 'usage', message });
    else note(`${name}: ${message}`);
    if (!json && command !== undefined) note(`usage: ${name} ${command.usage()}\n       ${name} --help says more`);
    return EXIT.misused;
  }
  const kind = error instanceof CommandFailure ? error.kind : 'failed';
  const message = error instanceof Error ? error.message : String(error);
  if (json) printJson({ ok: false, kind, message });
  else note(`${name}: ${message}`);
  return error instanceof CommandFailure ? error.exitCode : EXIT.failed;
}

/** Commander's words, without what was given: it may be a secret. */
function misuse(error: CommanderError): string {
  if (error.code === 'commander.excessArguments') return 'too many arguments: a text with spaces belongs in quotes';
  if (error.code !== 'commander.unknownCommand') return misuseText(error);
  const [hint = ''] = /\(Did you mean [^)]*\)/.exec(error.message) ?? [];
  const names = commands().map((command) => command.name());
  return `there is no such command ${hint}; there are ${names.join(', ')}`.replace(' ;', ';');
}

/** What stands behind `--` belongs to another program. */
function isJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}
