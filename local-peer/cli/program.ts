import { Command, CommanderError } from 'commander';
import { doctorCommand } from '../doctor/command.ts';
import { benchCommand } from './calls/bench.ts';
import { callCommand } from './calls/call.ts';
import { endOnSignals } from './calls/interrupt.ts';
import { pingCommand } from './calls/ping.ts';
import { EXIT } from './failure.ts';
import { failureReport } from './failure-report.ts';
import { endOnLostOutput } from './leave.ts';
import { commandsCommand } from './look/commands.ts';
import { presenceCommand } from './look/presence.ts';
import { relayCommand } from './look/relay.ts';
import { statusCommand } from './look/status.ts';
import { twinCommand } from './look/twin.ts';
import { note, print } from './output.ts';
import { serveCommand } from './serve/serve.ts';

/** Commands of `rmb-peer`, in the order of its help. */
const COMMANDS: readonly (() => Command)[] = [
  callCommand,
  serveCommand,
  commandsCommand,
  pingCommand,
  twinCommand,
  presenceCommand,
  relayCommand,
  statusCommand,
  benchCommand,
  doctorCommand,
];

function commands(): Command[] {
  return COMMANDS.map((make) => make());
}

/** Returns whether the arguments ask for a command; without one the daemon runs. */
export function asksForCommand([first, ...others]: readonly string[]): boolean {
  if (first === undefined || first.startsWith('-')) return false;
  return first !== 'help' || others.length > 0;
}

/** Returns the part of the daemon's help about commands. */
export function commandsHelp(): string {
  const lines = commands().map((command) => `  ${command.name().padEnd(12)}${command.summary()}`);
  return `
Without a command it is the daemon. Commands need neither a daemon nor Redis, except status:
${lines.join('\n')}
rmb-peer COMMAND --help explains each of them.
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
    // A command that reports a failure without an exception sets the code.
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    const command = root.commands.find((each) => each.name() === argv[0]);
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const names = root.commands.map((each) => each.name());
    const { code, stdout, stderr } = failureReport(error, { command, names, argv });
    stdout.forEach(print);
    stderr.forEach(note);
    return code;
  }
}
