import { BATCH_OUTCOMES, decodeBatchAnswers } from '../../../../proto/batch/batch-answers.ts';
import { encodeRelayBatch } from '../../../../proto/batch/relay-batch.ts';
import { type Envelope, encodeEnvelope } from '../../../../proto/envelope/envelope.ts';
import type { Case, Seen } from '../../case.ts';
import { compare } from '../../stage/dialogue.ts';
import { request } from '../../stage/envelopes.ts';
import { ask } from '../../stage/http.ts';
import type { Stage } from '../../stage/stage.ts';

const TYPE = 'application/x-rmb-batch';

/** Posts a body as a batch. Resolves with `status outcome` of each of `count` envelopes, or with the status of the refusal. */
async function postBatch(stage: Stage, body: Uint8Array, count: number): Promise<readonly string[] | number> {
  const headers = { 'content-type': TYPE };
  const { status, bytes } = await ask(stage.subject, { method: 'POST', path: '/', body, headers });
  if (status !== 200) return status;
  const answers = decodeBatchAnswers(bytes, count);
  if (!answers.ok) return [answers.error];
  return answers.value.map(({ status: each, outcome }) => `${each} ${outcome ?? BATCH_OUTCOMES.join(' or ')}`);
}

const batchOf = (...envelopes: { readonly envelope: Envelope; readonly mayStore?: boolean }[]) =>
  encodeRelayBatch(envelopes.map(({ envelope, mayStore = true }) => ({ bytes: encodeEnvelope(envelope), mayStore })));

/** A case of a batch: the Rust relay takes none of it for an envelope. */
function batched(name: string, title: string, observe: Case['observe'], seen: Seen): Case {
  return {
    name,
    section: '5.7',
    title,
    observe,
    reference: 400,
    intended: { seen, difference: 'federation: batches' },
  };
}

export const batches: readonly Case[] = [
  batched(
    'batch',
    'each envelope of a batch is answered as if it had come alone',
    async (stage) => {
      const to = await stage.open('caller');
      const away = stage.absent('caller');
      const from = stage.absent('abroad');
      const sign = (envelope: Envelope) => stage.signed('abroad', envelope);
      const [here, fast, back, kept] = [
        await sign(request(from, to.address)),
        await sign(request(from, away, { tags: 'fail-fast' })),
        await sign(request(from, away)),
        await sign(request(from, away)),
      ];
      const forged = await stage.signed('callee', request(from, to.address));
      const body = batchOf(
        { envelope: forged },
        { envelope: fast },
        { envelope: back, mayStore: false },
        { envelope: kept },
        { envelope: here },
      );
      const answers = await postBatch(stage, body, 5);
      if (typeof answers === 'number') return answers;
      const delivered = compare(encodeEnvelope(here), await to.nextBytes());
      const stored = await (await stage.openAs('caller', away.connection)).nextBytes();
      return [...answers, delivered, compare(encodeEnvelope(kept), stored)];
    },
    ['403 refused', '404 away', '404 away', '202 stored', '202 delivered', 'the very bytes', 'the very bytes'],
  ),
  {
    name: 'batch that is cut',
    section: '5.7',
    title: 'nothing of a batch that is cut is delivered',
    observe: async (stage) => {
      const to = await stage.open('caller');
      const sent = await stage.signed('abroad', request(stage.absent('abroad'), to.address));
      const marker = await stage.signed('abroad', request(stage.absent('abroad'), to.address));
      const body = batchOf({ envelope: sent }, { envelope: sent });
      const status = await postBatch(stage, body.subarray(0, body.length - 1), 2);
      await ask(stage.subject, { method: 'POST', path: '/', body: encodeEnvelope(marker) });
      return [status, compare(encodeEnvelope(marker), await to.nextBytes())];
    },
    reference: [400, 'the very bytes'],
  },
];
