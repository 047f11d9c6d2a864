import { parseArgs } from 'node:util';
import { z } from 'zod';
import { SETTING_NAMES } from '../../durable-objects/settings.ts';
import { startRelay } from './relay.ts';

const USAGE = `npm run relay -- [--port 8787] [--persist DIR]

Runs the relay on this machine. Settings come from environment variables named as in wrangler.toml, e.g.
  SUBSTRATE_URLS=ws://localhost:9944 npm run relay -- --port 8787`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8787' },
      persist: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const port = z.coerce.number().int().min(0).max(65_535).safeParse(values.port);
  if (!port.success) throw new Error(`--port: ${values.port} is no port (0–65535)`);
  const settings = Object.fromEntries([...SETTING_NAMES, 'OPERATOR_TOKEN'].map((name) => [name, process.env[name]]));
  // Listen before anything starts: an early signal must stop it cleanly, too.
  const stopped = stopSignal();
  await using relay = await startRelay({
    port: port.data,
    settings,
    ...(values.persist === undefined ? {} : { persist: values.persist }),
  });
  const chain = settings.SUBSTRATE_URLS ?? 'the chain of wrangler.toml';
  console.log(`relay: listening on ${relay.wsUrl}, domains ${relay.domains.join(' ')}, chain ${chain}`);
  await stopped;
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
  console.error(`relay: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
