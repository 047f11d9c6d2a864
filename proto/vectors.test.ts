import { describe, expect, test } from 'vitest';
import invalid from '../test/vectors/invalid.json' with { type: 'json' };
import vectors from '../test/vectors/protocol.json' with { type: 'json' };
import { invalidChecks } from './invalid.suite.ts';
import { runChecks, vectorChecks } from './vectors.suite.ts';

describe('what the Rust implementation made is read, and made again, by ours', () => {
  for (const check of vectorChecks(vectors)) test(check.name, check.run);
});

describe('what is wrong is refused, and says why', () => {
  for (const check of invalidChecks(invalid)) test(check.name, check.run);
});

test('a vector that does not hold is named, with what was found', async () => {
  const [good, ...others] = vectors.envelopes.slice(0, 2);
  if (!good) throw new Error('there are no vectors');
  const envelopes = [{ ...good, challenge: '00' }, ...others];
  const outcome = await runChecks(vectorChecks({ identities: [], jwts: [], ciphers: [], envelopes }));
  expect(outcome.passed).toBe(1);
  expect(outcome.failed).toEqual([expect.stringMatching(/^envelope 0, .*: challenge: found 5f26.*, expected 00$/)]);
});
