#!/usr/bin/env node
import { readCommandLine } from './config/command-line.ts';
import { UsageError } from './config/layers.ts';
import { hideSecrets } from './config/mask.ts';
import { printConfig } from './config/print.ts';
import { gather, settle } from './config.ts';
import { runDaemon } from './daemon.ts';
import { readSecretFile } from './secret-file.ts';
import { stopSignal } from './stop-signal.ts';

/** Exit codes; docs/peer.md tells them. */
const FAILED = 1;
const MISUSED = 2;

/** What no error may show, once it is known. */
const secrets: string[] = [];

async function main(): Promise<void> {
  const command = readCommandLine(process.argv.slice(2));
  if (command.kind === 'text') return void process.stdout.write(command.text);
  const gathered = await gather(command, process.env, readSecretFile);
  if (command.isPrinting) console.log(printConfig(gathered.layer));
  const settings = await settle(gathered, readSecretFile);
  secrets.push(...settings.secrets);
  if (command.isPrinting) return;
  // Listened for before anything starts: a signal in between must stop it cleanly, too.
  await runDaemon(settings, process.env, stopSignal());
}

/** Ends with what is wrong, without what nobody may see. */
function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`rmb-peer: ${hideSecrets(message, secrets)}\n`);
  process.exit(error instanceof UsageError ? MISUSED : FAILED);
}

// Node would print a failure that nobody awaits as it is, with the URLs that stand in it.
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
main().then(() => process.exit(0), fail);
