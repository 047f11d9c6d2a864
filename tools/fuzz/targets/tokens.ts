import { parseToken, tokenFaultText, tokenTimeFault } from '../../../proto/token/token.ts';
import { TOKENS } from '../input/corpus.ts';
import { mutate } from '../input/mutate.ts';
import { almostObject, oddJson, oddText } from '../input/odd.ts';
import type { Random } from '../input/random.ts';
import { promise, type Target } from '../target.ts';

const NOW = 1_795_409_715;
const HEADER = [['alg', '"RS512"']] as const;
const CLAIMS = [
  ['sub', '7'],
  ['sid', 'null'],
  ['iat', String(NOW)],
  ['exp', String(NOW + 60)],
  ['aud', '"relay.example"'],
  ['cap', '["a"]'],
] as const;

/** Tokens: every text is a token or a refusal for people, and its times are judged without an exception. */
export const tokens: Target = {
  name: 'tokens',
  make: (random) => (random.once(2) ? mutate(random, TOKENS) : madeToken(random)),
  run: (bytes) => {
    const parsed = parseToken(Buffer.from(bytes).toString());
    if (!parsed.ok) {
      const text = tokenFaultText(parsed.error);
      promise(text.startsWith('invalid jwt: '), 'a refusal in other words');
      return;
    }
    const fault = tokenTimeFault(parsed.value.claims, NOW);
    if (fault !== undefined) tokenFaultText(fault);
  },
};

/** Returns a well-formed token with odd header or claims. */
function madeToken(random: Random): Uint8Array {
  const part = (text: string) => Buffer.from(text).toString('base64url');
  const header = random.once(5) ? oddJson(random) : almostObject(random, HEADER);
  const claims = random.once(10) ? oddJson(random) : almostObject(random, CLAIMS);
  const parts = [part(header), part(claims), part(oddText(random))];
  if (random.once(20)) parts.push(oddText(random));
  return new TextEncoder().encode(parts.join('.'));
}
