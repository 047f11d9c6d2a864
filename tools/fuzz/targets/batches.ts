import { BATCH_TYPE } from '../../../durable-objects/twin/federation/relays/outcome.ts';
import { decodeBatchAnswers } from '../../../proto/batch/batch-answers.ts';
import { decodeRelayBatch, encodeRelayBatch } from '../../../proto/batch/relay-batch.ts';
import { takeBatchIn } from '../../../workers/federation/federation-ingress.ts';
import { statusOf } from '../../../workers/refusal.ts';
import { SEALED } from '../input/corpus.ts';
import { anyFrame } from '../input/messages.ts';
import { mutate } from '../input/mutate.ts';
import type { Random } from '../input/random.ts';
import { promise, type Target } from '../target.ts';
import { ingressPort, ingressSettings } from './federation.ts';

/** Longer frames make no batch. */
const FRAME_BYTES = 4_096;

/**
 * Batches of another relay, and the answers to one: a batch is refused, or each of its envelopes has an outcome. Byte 0
 * of the input chooses the answers of the fake twins and objects, and the number of answers that are expected.
 */
export const batches: Target = {
  name: 'batches',
  make: (random) => {
    const body = encodeRelayBatch(Array.from({ length: 1 + random.below(6) }, () => anyEnvelope(random)));
    return Buffer.concat([Uint8Array.of(random.below(256)), random.once(3) ? mutate(random, [body]) : body]);
  },
  run: async (input) => {
    const [choice = 0] = input;
    const body = Uint8Array.from(input.subarray(1));
    const answers = decodeBatchAnswers(body, choice);
    if (answers.ok) promise(answers.value.length === choice, 'another number of answers than was expected');
    const request = new Request('https://relay.example/', {
      method: 'POST',
      body,
      headers: { 'content-type': BATCH_TYPE },
    });
    const taken = await takeBatchIn(request, ingressSettings.off, ingressPort(choice));
    const batch = decodeRelayBatch(body);
    promise(batch.ok !== 'code' in taken, 'a batch that is neither refused nor taken');
    if ('code' in taken) return promise(statusOf(taken.code) >= 400, 'a refusal without a status');
    promise(batch.ok && taken.length === batch.value.length, 'an envelope without an outcome');
  },
};

function anyEnvelope(random: Random) {
  const bytes = random.once(2) ? mutate(random, SEALED) : anyFrame(random);
  return { bytes: bytes.subarray(0, FRAME_BYTES), mayStore: random.once(2) };
}
