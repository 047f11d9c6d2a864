import { decodeEnvelope } from '../../../proto/envelope/envelope-codec.ts';
import { checkPlausible } from '../../../proto/envelope/plausible.ts';
import { addSeal, checkSeal, SEAL_LENGTH, splitSeal, withoutSeals } from '../../../proto/seal/seal.ts';
import { SEALED } from '../input/corpus.ts';
import { anyFrame } from '../input/messages.ts';
import { mutate } from '../input/mutate.ts';
import { promise, type Target } from '../target.ts';

/** A time within the lifetime of the sealed vectors (Unix s). */
const NOW = 1_795_984_170;

/** Seals and bounds: no decoded envelope makes them throw, and an envelope sealed here keeps its seal. */
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
    promise(again.ok && again.value === 'sealed', 'a new seal does not hold');
    const rest = withoutSeals(resealed.value.tags ?? '');
    promise((rest?.length ?? 0) <= (envelope.tags?.length ?? 0), 'the tags grew when seals were removed');
    promise((resealed.value.tags?.length ?? 0) >= SEAL_LENGTH, 'an envelope is sealed without a seal');
  },
};
