#!/usr/bin/env node
import { endOnLostOutput, leave } from './cli/leave.ts';
import { asksForCommand, commandsHelp, runCommand } from './cli/program.ts';
import { readCommandLine } from './config/command-line.ts';
import { UsageError } from './config/layers.ts';
import { hideSecrets } from './config/mask.ts';
import { printConfig } from './config/print.ts';
import { gather, settle } from './config.ts';
import { outliveReaders } from './lost-reader.ts';
import { readSecretFile } from './secret-file.ts';
import { startWithSmallHeap } from './small-heap.ts';
import { stopSignal } from './stop-signal.ts';

/** Exit codes; docs/peer.md tells them. */
const FAILED = 1;
const MISUSED = 2;

/** What no error may show, once it is known. */
const secrets: string[] = [];

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (asksForCommand(argv)) return leave(await runCommand(argv));
  await runAlone(argv[0] === 'help' ? ['--help'] : argv);
  return 0;
}

/** Without a command it is the daemon. */
async function runAlone(argv: readonly string[]): Promise<void> {
  const command = readCommandLine(argv, commandsHelp());
  if (command.kind === 'text') {
    show(command.text);
    return leave(0);
  }
  // Before the secret is read: from a pipe it comes once.
  if (!command.isPrinting) startWithSmallHeap(process);
  const gathered = await gather(command, process.env, readSecretFile);
  // Printed before the settings are judged: a wrong one is easier to find so.
  if (command.isPrinting) show(`${printConfig(gathered.layer)}\n`);
  const settings = await settle(gathered, readSecretFile);
  secrets.push(...settings.secrets);
  if (command.isPrinting) return leave(0);
  outliveReaders();
  // Listened for before anything starts: a signal in between must stop it cleanly, too.
  const stopped = stopSignal();
  // Loaded only now: what needs no daemon should answer at once.
  const { runDaemon } = await import('./daemon.ts');
  await runDaemon(settings, process.env, stopped);
}

/** Prints a text. */
function show(text: string): void {
  endOnLostOutput();
  process.stdout.write(text);
}

/** Says what is wrong, without what nobody may see. @returns the exit code */
function tell(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`rmb-peer: ${hideSecrets(message, secrets)}\n`);
  return error instanceof UsageError ? MISUSED : FAILED;
}

/** Ends at once: after an uncaught error nothing can be relied on. */
function fail(error: unknown): never {
  process.exit(tell(error));
}

// Node would print a failure that nobody awaits as it is, with the URLs that stand in it.
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
main().then(
  (code) => process.exit(code),
  (error: unknown) => leave(tell(error)),
);
