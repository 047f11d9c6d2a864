import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { encodeBatchAnswers } from '../../../../proto/batch/batch-answers.ts';
import { decodeRelayBatch } from '../../../../proto/batch/relay-batch.ts';
import { BATCH_TYPE } from './outcome.ts';
import { postBatch, postEnvelope } from './post.ts';

const envelopes = [
  { bytes: Uint8Array.of(1, 2), mayStore: true },
  { bytes: Uint8Array.of(3), mayStore: false },
];
const answers = [{ status: 202, outcome: 'delivered' as const }, { status: 404 }];

/** Runs `work` with the way to a server. */
async function withServer<T>(
  listener: RequestListener,
  work: (way: Parameters<typeof postBatch>[0]) => Promise<T>,
): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return await work({ scheme: 'http', domain: `127.0.0.1:${address.port}`, via: 'own.example' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A server that answers with this, after it has read the request. */
function answering(status: number, headers: Record<string, string> = {}, body: Uint8Array = new Uint8Array(0)) {
  const listener: RequestListener = async (request, response) => {
    for await (const _ of request);
    response.writeHead(status, headers).end(body);
  };
  return listener;
}

const typed = { 'content-type': BATCH_TYPE };

describe('postEnvelope', () => {
  it.each([
    [{}, false],
    [{ 'rmb-batch': '1' }, true],
    [{ 'rmb-batch': '2' }, true],
    [{ 'rmb-batch': '0' }, false],
    [{ 'rmb-batch': 'yes' }, false],
  ])('reads from the headers %j that the relay takes batches: %s', async (headers, takesBatch) => {
    const answer = await withServer(answering(202, headers), (way) => postEnvelope(way, Uint8Array.of(1), 'store'));
    expect(answer).toEqual({ status: 202, takesBatch });
  });
});

describe('postBatch', () => {
  it('sends all envelopes in one body, and reads an answer for each', async () => {
    const got: { headers: unknown; body: Buffer }[] = [];
    const listener: RequestListener = async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { 'content-type': type, 'rmb-via': via } = request.headers;
      got.push({ headers: { type, via }, body: Buffer.concat(chunks) });
      response.writeHead(200, typed).end(encodeBatchAnswers(answers));
    };
    expect(await withServer(listener, (way) => postBatch(way, envelopes))).toEqual(answers);
    expect(got.map(({ headers }) => headers)).toEqual([{ type: BATCH_TYPE, via: 'own.example' }]);
    const batch = decodeRelayBatch(Uint8Array.from(got[0]?.body ?? []));
    expect(batch.ok && batch.value.map(({ bytes, mayStore }) => [...bytes, mayStore])).toEqual([
      [1, 2, true],
      [3, false],
    ]);
  });

  it.each([400, 401, 403, 404, 405, 413, 415, 421, 501, 202, 204, 301])(
    'takes %s for a refusal: none of them was delivered',
    async (status) => {
      expect(await withServer(answering(status), (way) => postBatch(way, envelopes))).toBe('refused');
    },
  );

  it.each([408, 429, 500, 502, 503, 504])('takes %s for a failure of the relay', async (status) => {
    expect(await withServer(answering(status), (way) => postBatch(way, envelopes))).toBeUndefined();
  });

  it.each([
    ['without a body', typed, new Uint8Array(0)],
    ['for another number', typed, encodeBatchAnswers(answers.slice(1))],
    ['of another type', { 'content-type': 'text/html' }, encodeBatchAnswers(answers)],
    ['without an end', typed, new Uint8Array(100_000)],
  ])('takes an answer %s for a refusal', async (_, headers, body) => {
    expect(await withServer(answering(200, headers, body), (way) => postBatch(way, envelopes))).toBe('refused');
  });

  it('resolves with nothing when the connection breaks', async () => {
    const breaking: RequestListener = (request) => void request.socket.destroy();
    expect(await withServer(breaking, (way) => postBatch(way, envelopes))).toBeUndefined();
  });
});
