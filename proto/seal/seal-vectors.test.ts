import { describe, test } from 'vitest';
import vectors from '../../test/vectors/seal.json' with { type: 'json' };
import { sealChecks } from './seal.suite.ts';

describe('the seal matches the vectors of an independent implementation', () => {
  for (const check of sealChecks(vectors)) test(check.name, check.run);
});
