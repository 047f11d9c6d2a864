import { describe, expect, test } from 'vitest';
import { IMPLEMENTATIONS } from '../test/rig/envelopes/implementations.ts';
import invalid from '../test/vectors/invalid.json' with { type: 'json' };
import vectors from '../test/vectors/protocol.json' with { type: 'json' };
import { invalidChecks } from './invalid.suite.ts';
import { runChecks, vectorChecks } from './vectors.suite.ts';

describe.each(IMPLEMENTATIONS)('%s', (_, by) => {
  describe('vectors of the Rust implementation are decoded and encoded', () => {
    for (const check of vectorChecks(vectors, by)) test(check.name, check.run);
  });

  describe('invalid vectors are refused with a reason', () => {
    for (const check of invalidChecks(invalid, by)) test(check.name, check.run);
  });
});

test('a failed vector is reported with its difference', async () => {
  const [good, ...others] = vectors.envelopes.slice(0, 2);
  if (!good) throw new Error('there are no vectors');
  const envelopes = [{ ...good, challenge: '00' }, ...others];
  const outcome = await runChecks(vectorChecks({ identities: [], jwts: [], ciphers: [], envelopes }));
  expect(outcome.passed).toBe(1);
  expect(outcome.failed).toEqual([expect.stringMatching(/^envelope 0, .*: challenge: found 5f26.*, expected 00$/)]);
});
