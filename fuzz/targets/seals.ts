import { decodeEnvelope } from '../../proto/envelope-codec.ts';
import { checkPlausible } from '../../proto/plausible.ts';
import { addSeal, checkSeal, SEAL_LENGTH, splitSeal, withoutSeals } from '../../proto/seal/seal.ts';
import { SEALED } from '../input/corpus.ts';
import { anyFrame } from '../input/messages.ts';
import { mutate } from '../input/mutate.ts';
import { promise, type Target } from '../target.ts';

/** Within the life of the sealed vectors, Unix seconds. */
const NOW = 1_795_984_170;

/** Seals and bounds: nothing that decodes makes them throw, and an envelope that was sealed here holds its seal. */
export const seals: Target = {
  name: 'seals',
  make: (random) => (random.once(2) ? mutate(random, SEALED) : anyFrame(random)),
  run: (frame) => {
    const decoded = decodeEnvelope(frame);
    if (!decoded.ok) return;
    const envelope = decoded.value;
    checkPlausible(envelope, NOW);
    const split = splitSeal(envelope.tags);
    const checked = checkSeal(envelope);
    checkSeal(envelope, split?.seal);
    promise(!checked.ok || checked.value === 'unsealed' || split !== undefined, 'sealed without a seal in its tags');
    const resealed = addSeal(envelope);
    if (!resealed.ok) return;
    const again = checkSeal(resealed.value);
    promise(again.ok && again.value === 'sealed', 'a seal of ours does not hold');
    const rest = withoutSeals(resealed.value.tags ?? '');
    promise((rest?.length ?? 0) <= (envelope.tags?.length ?? 0), 'taking seals out leaves more than was given');
    promise((resealed.value.tags?.length ?? 0) >= SEAL_LENGTH, 'an envelope is sealed without a seal');
  },
};
