import { createServer } from 'node:http';
import { encodeBatchAnswers } from '../../../proto/batch/batch-answers.ts';
import { decodeRelayBatch } from '../../../proto/batch/relay-batch.ts';
import { decodeEnvelope } from '../../../proto/envelope/envelope.ts';

/** A relay that says that it takes batches, and does so, or refuses them with this status. */
export interface BatchRelay extends AsyncDisposable {
  /** Its name, as its twins have it on chain. */
  readonly domain: string;
  /** The uids of the envelopes of each request, as it accepted them. */
  readonly accepted: readonly (readonly string[])[];
  /** Batches that it refused, by the uids in them. */
  readonly refused: readonly (readonly string[])[];
}

/** Starts one on a free port of 127.0.0.1. @param manner of its answers to batches */
export async function startBatchRelay(manner: 'takes' | number): Promise<BatchRelay> {
  const accepted: string[][] = [];
  const refused: string[][] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Uint8Array.from(Buffer.concat(chunks));
    const type = request.headers['content-type'];
    const headers = { 'rmb-outcome': 'delivered', 'rmb-batch': '1' };
    if (type === undefined) {
      accepted.push([uidOf(body)]);
      response.writeHead(202, headers).end();
      return;
    }
    const batch = decodeRelayBatch(body);
    if (!batch.ok) throw new Error(batch.error);
    const uids = batch.value.map(({ bytes }) => uidOf(bytes));
    (manner === 'takes' ? accepted : refused).push(uids);
    if (manner !== 'takes') {
      response.writeHead(manner).end('refused');
      return;
    }
    const answers = uids.map(() => ({ status: 202, outcome: 'delivered' as const }));
    response.writeHead(200, { 'content-type': type, 'rmb-batch': '1' }).end(encodeBatchAnswers(answers));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    domain: `localhost:${address.port}`,
    accepted,
    refused,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function uidOf(bytes: Uint8Array): string {
  const decoded = decodeEnvelope(bytes);
  return decoded.ok ? decoded.value.uid : '';
}
