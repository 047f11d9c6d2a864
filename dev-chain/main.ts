import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startDevChain } from './dev-chain.ts';
import { DEV_TWINS, devIdentity } from './dev-twins.ts';
import { toHex } from './scale.ts';
import { readTwinFile } from './twin-entry.ts';

const USAGE = `npm run dev-chain -- [--port 9944] [--block-time 6] [--twins FILE]

A Substrate chain in memory, with what RMB needs of tfchain. Without --twins it has development twins 1 to 6.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9944' },
      'block-time': { type: 'string', default: '6' },
      twins: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const port = z.coerce.number().int().min(0).max(65_535).safeParse(values.port);
  if (!port.success) throw new Error(`--port: ${values.port} is no port (0–65535)`);
  const seconds = z.coerce.number().min(0.1).max(3600).safeParse(values['block-time']);
  if (!seconds.success) throw new Error(`--block-time: ${values['block-time']} is no time (0.1–3600 seconds)`);
  // Listened for before anything starts: a signal in between must stop it cleanly, too.
  const stopped = stopSignal();
  const twins = values.twins === undefined ? undefined : await readTwinFile(values.twins);
  await using chain = await startDevChain({
    port: port.data,
    blockTimeMs: seconds.data * 1000,
    ...(twins === undefined ? {} : { twins }),
  });
  const which =
    twins === undefined ? `development twins 1 to ${DEV_TWINS.length}` : `${twins.length} twins of ${values.twins}`;
  console.log(`dev-chain: listening on ${chain.wsUrl} (also http), a block every ${seconds.data} s, ${which}`);
  if (twins === undefined) await printDevTwins();
  await stopped;
}

/** Their secrets are public: that is what they are for. */
async function printDevTwins(): Promise<void> {
  for (const twin of DEV_TWINS) {
    const { account } = await devIdentity(twin);
    console.log(`  twin ${twin.id}  ${twin.keyType.padEnd(7)}  account ${toHex(account)}  secret ${twin.secret}`);
  }
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

main().catch((error: unknown) => {
  console.error(`dev-chain: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
