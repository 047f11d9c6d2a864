// The vectors and the checks of proto/ as one function, for hosts that get them as a bundle.
import { invalidChecks } from '../../proto/invalid.suite.ts';
import { sealChecks } from '../../proto/seal/seal.suite.ts';
import { type Outcome, runChecks, vectorChecks } from '../../proto/vectors.suite.ts';
import invalid from '../vectors/invalid.json' with { type: 'json' };
import vectors from '../vectors/protocol.json' with { type: 'json' };
import seals from '../vectors/seal.json' with { type: 'json' };

/** Every check there is. */
export const allChecks = [...vectorChecks(vectors), ...invalidChecks(invalid), ...sealChecks(seals)];

/** Runs them on this host. */
export function runAllChecks(): Promise<Outcome> {
  return runChecks(allChecks);
}
