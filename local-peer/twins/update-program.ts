import { text } from 'node:stream/consumers';
import { sendUpdate } from './update.ts';
import { readOrder } from './update-order.ts';

/**
 * A process that writes a twin on chain and ends: what it needs of memory (@polkadot/api, the chain's metadata) is gone
 * with it. The order comes on stdin, as it has the secret; what is wrong goes to stdout, for people.
 */
try {
  const { url, key, profile } = readOrder(await text(process.stdin));
  await sendUpdate(url, key, profile);
  process.exit(0);
} catch (error) {
  process.stdout.write(error instanceof Error ? error.message : String(error), () => process.exit(1));
}
