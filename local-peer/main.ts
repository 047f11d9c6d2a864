#!/usr/bin/env node
import { hideSecrets } from '../client/mask.ts';
import { endOnLostOutput, leave } from './cli/leave.ts';
import { outliveReaders } from './cli/lost-reader.ts';
import { asksForCommand, commandsHelp, runCommand } from './cli/program.ts';
import { readCommandLine } from './config/command-line.ts';
import { gather, settle } from './config/config.ts';
import { UsageError } from './config/layers.ts';
import { printConfig } from './config/print.ts';
import { readSecretFile } from './config/secret-file.ts';
import { startWithSmallHeap } from './daemon/small-heap.ts';
import { stopSignal } from './daemon/stop-signal.ts';

/** Exit codes; docs/peer.md lists them. */
const FAILED = 1;
const MISUSED = 2;

/** Secrets that no error may show. */
const secrets: string[] = [];

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (asksForCommand(argv)) return leave(await runCommand(argv));
  await runAlone(argv[0] === 'help' ? ['--help'] : argv);
  return 0;
}

/** Runs the daemon. */
async function runAlone(argv: readonly string[]): Promise<void> {
  const command = readCommandLine(argv, commandsHelp());
  if (command.kind === 'text') {
    show(command.text);
    return leave(0);
  }
  // Before the secret is read: from a pipe it comes once.
  if (!command.isPrinting) startWithSmallHeap(process);
  const gathered = await gather(command, process.env, readSecretFile);
  // Printed before the settings are checked: this helps to find a wrong one.
  if (command.isPrinting) show(`${printConfig(gathered.layer)}\n`);
  const settings = await settle(gathered, readSecretFile);
  secrets.push(...settings.secrets);
  if (command.isPrinting) return leave(0);
  outliveReaders();
  // Before anything starts: a signal in between must stop the peer cleanly, too.
  const stopped = stopSignal();
  // Loaded only now: commands and --help should answer at once.
  const { runDaemon } = await import('./daemon/daemon.ts');
  await runDaemon(settings, process.env, stopped);
}

/** Prints a text. */
function show(text: string): void {
  endOnLostOutput();
  process.stdout.write(text);
}

/** Prints an error without secrets. Returns the exit code. */
function tell(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`rmb-peer: ${hideSecrets(message, secrets)}\n`);
  return error instanceof UsageError ? MISUSED : FAILED;
}

/** Ends at once: after an uncaught error the state is unknown. */
function fail(error: unknown): never {
  process.exit(tell(error));
}

// Node would print an unhandled failure with the URLs in it.
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
main().then(
  (code) => process.exit(code),
  (error: unknown) => leave(tell(error)),
);
