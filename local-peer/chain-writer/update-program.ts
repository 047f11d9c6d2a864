import { text } from 'node:stream/consumers';
import { sendUpdate } from '../../client/chain-writer/update.ts';
import { REFUSED_IN_BLOCK, readOrder } from './update-order.ts';

/**
 * A process that writes a twin on chain and ends. Its memory (@polkadot/api, the chain's metadata) ends with it. The
 * order comes on stdin, because it contains the secret; faults go to stdout, for people.
 */
try {
  const { url, key, profile } = readOrder(await text(process.stdin));
  const refusal = await sendUpdate(url, key, profile);
  if (refusal === undefined) process.exit(0);
  end(REFUSED_IN_BLOCK, refusal);
} catch (error) {
  end(1, error instanceof Error ? error.message : String(error));
}

function end(code: number, fault: string): void {
  process.stdout.write(fault, () => process.exit(code));
}
