// The vectors and the checks of proto/ as one function, for hosts that get them as a bundle.

import { PORTABLE } from '../../proto/crypto/portable.ts';
import type { Primitives } from '../../proto/crypto/primitives.ts';
import { invalidChecks } from '../../proto/invalid.suite.ts';
import { sealChecks } from '../../proto/seal/seal.suite.ts';
import { type Check, type Outcome, runChecks, vectorChecks } from '../../proto/vectors.suite.ts';
import invalid from '../vectors/invalid.json' with { type: 'json' };
import vectors from '../vectors/protocol.json' with { type: 'json' };
import seals from '../vectors/seal.json' with { type: 'json' };

/** Returns every check there is. */
export function allChecks(by: Primitives = PORTABLE): Check[] {
  return [...vectorChecks(vectors, by), ...invalidChecks(invalid, by), ...sealChecks(seals, by)];
}

/** Runs them on this host. */
export function runAllChecks(by: Primitives = PORTABLE): Promise<Outcome> {
  return runChecks(allChecks(by));
}
