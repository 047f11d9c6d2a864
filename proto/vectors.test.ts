import { describe, test } from 'vitest';
import invalid from '../test/vectors/invalid.json' with { type: 'json' };
import vectors from '../test/vectors/protocol.json' with { type: 'json' };
import { invalidChecks } from './invalid.suite.ts';
import { vectorChecks } from './vectors.suite.ts';

describe('what the Rust implementation made is read, and made again, by ours', () => {
  for (const check of vectorChecks(vectors)) test(check.name, check.run);
});

describe('what is wrong is refused, and says why', () => {
  for (const check of invalidChecks(invalid)) test(check.name, check.run);
});
