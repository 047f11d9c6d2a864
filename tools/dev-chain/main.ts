import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startDevChain } from './dev-chain.ts';
import { accountOf } from './ledger/account.ts';
import { DEV_TWINS, devIdentity } from './ledger/dev-twins.ts';
import { readTwinFile } from './ledger/twin-entry.ts';
import { readMetadataFile } from './metadata/metadata-file.ts';
import { toHex } from './metadata/scale.ts';

const USAGE = `npm run dev-chain -- [--port 9944] [--block-time 6] [--twins FILE] [--fund ACCOUNT]… [--metadata FILE]

Runs a Substrate chain in memory with the part of tfchain that RMB needs: reading, creating and updating twins.

  --port        port on 127.0.0.1; 0: any free port
  --block-time  seconds between blocks; Go programs refuse a chain whose last block is over 12 s old
  --twins       JSON list of {id, account, relay, pk}; default: development twins 1 to 6
  --fund        account (SS58 or hex) that gets 1000 TFT and no twin; may be repeated.
                It creates its twin by user_accept_tc and create_twin; each extrinsic costs 0.01 TFT
  --metadata    file with a network's metadata (state_getMetadata), as bytes or hex. The chain serves it, and
                encodes calls, events and storage by it, under that network's version`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9944' },
      'block-time': { type: 'string', default: '6' },
      twins: { type: 'string' },
      fund: { type: 'string', multiple: true, default: [] },
      metadata: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const port = z.coerce.number().int().min(0).max(65_535).safeParse(values.port);
  if (!port.success) throw new Error(`--port: ${values.port} is no port (0–65535)`);
  const seconds = z.coerce.number().min(0.1).max(3600).safeParse(values['block-time']);
  if (!seconds.success) throw new Error(`--block-time: ${values['block-time']} is no time (0.1–3600 seconds)`);
  // Listen before anything starts: an early signal must stop it cleanly, too.
  const stopped = stopSignal();
  const twins = values.twins === undefined ? undefined : await readTwinFile(values.twins);
  const runtime = values.metadata === undefined ? undefined : await readMetadataFile(values.metadata);
  await using chain = await startDevChain({
    port: port.data,
    blockTimeMs: seconds.data * 1000,
    funded: values.fund.map(fundedAccount),
    ...(twins === undefined ? {} : { twins }),
    ...(runtime === undefined ? {} : { runtime }),
  });
  const which =
    twins === undefined ? `development twins 1 to ${DEV_TWINS.length}` : `${twins.length} twins of ${values.twins}`;
  const { specName, specVersion } = runtime?.version ?? {};
  const whose = runtime === undefined ? '' : `, metadata of ${specName} ${specVersion}`;
  console.log(`dev-chain: listening on ${chain.wsUrl} (also http), a block every ${seconds.data} s, ${which}${whose}`);
  if (twins === undefined) await printDevTwins();
  await stopped;
}

function fundedAccount(text: string): string {
  const account = accountOf(text);
  if (account === undefined) throw new Error(`--fund: ${text} is no account (SS58, or 32 bytes in hex with 0x)`);
  return account;
}

/** Prints the development twins with their secrets, which are public on purpose. */
async function printDevTwins(): Promise<void> {
  for (const twin of DEV_TWINS) {
    const { account } = await devIdentity(twin);
    console.log(`  twin ${twin.id}  ${twin.keyType.padEnd(7)}  account ${toHex(account)}  secret ${twin.secret}`);
  }
}

/** Resolves at the first Ctrl-C or SIGTERM. The second one exits at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve();
    };
    // `on`, not `once`: libraries end the process themselves when no listener is left.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  });
}

main().catch((error: unknown) => {
  console.error(`dev-chain: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
