#!/usr/bin/env node
import { Command, Option } from 'commander';
import { parseConfig } from './config.ts';
import { openLog } from './log.ts';
import { startPeer } from './peer.ts';
import { VERSION } from './version.ts';

const collect = (value: string, all: string[] = []) => [...all, value];

const program = new Command('rmb-peer')
  .description('Connects the programs of one twin, through Redis, with RMB relays.')
  .version(VERSION)
  .option('-m, --mnemonic <secret>', 'the twin’s secret: words, or a 0x seed of 32 bytes')
  .addOption(new Option('--mnemonics <secret>', 'as --mnemonic').hideHelp())
  .addOption(new Option('--seed <secret>', 'as --mnemonic').hideHelp())
  .addOption(new Option('-k, --key-type <type>', 'kind of the key').choices(['sr25519', 'ed25519']).default('sr25519'))
  .option('-r, --redis <url>', 'Redis of the programs', 'redis://localhost:6379')
  .option('-s, --substrate <url>', 'a tfchain node; repeat for more', collect)
  .option('--relay <url>', 'a relay, by its domain name; repeat for up to 4', collect)
  .option('--no-update', 'leave our twin on chain as it is')
  .option('--keep-relays', 'add our relays to those of our twin on chain', false)
  .addOption(new Option('-u, --uploads <dir>', 'taken for compatibility; there is no upload plugin').hideHelp())
  .option('-d, --debug', 'say more; repeat for everything', (_, level: number) => level + 1, 0);

async function main(): Promise<void> {
  const flags = program.parse().opts();
  const log = openLog(flags.debug === 0 ? 'info' : flags.debug === 1 ? 'debug' : 'trace');
  const config = parseConfig({
    secret: flags.mnemonic ?? flags.mnemonics ?? flags.seed ?? '',
    keyType: flags.keyType,
    redis: flags.redis,
    substrate: flags.substrate ?? ['wss://tfchain.grid.tf:443'],
    relays: flags.relay ?? ['wss://relay.grid.tf:443'],
    update: flags.update,
    keepRelays: flags.keepRelays,
  });
  const stopped = stopSignal();
  await using peer = await startPeer(config, log, () => undefined);
  const isUp = await Promise.race([peer.ready.then(() => true), stopped.then(() => false)]);
  if (!isUp) return;
  console.log(
    `rmb-peer: twin ${peer.state().twin} ready, redis ${new URL(config.redis).host}, relays ${config.relays.join(' ')}`,
  );
  await stopped;
}

/** Resolves at the first Ctrl-C or SIGTERM; the second does not wait any longer. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve();
    };
    // Kept, not once: libraries end the process themselves when nobody else listens.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`rmb-peer: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
