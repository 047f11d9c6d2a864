import type { Mutation } from '../../test/rig/mutant.ts';
import type { Citation } from './citation.ts';

/** A protection that is taken away, and the test that must fail then. */
export interface SecurityMutant {
  readonly test: Citation;
  readonly change: Mutation;
}

/** Each row: what to find in the file, what stands there instead, and the test that must fail. */
export type MutantRow = readonly [find: string, replace: string, title: string];

/** Returns the mutants of one file that one test file sees. */
export function mutantsOf(file: string, testFile: string, rows: readonly MutantRow[]): SecurityMutant[] {
  return rows.map(([find, replace, title]) => ({
    test: { file: testFile, title },
    change: { file, find, replace },
  }));
}

/** Whether its test starts servers: such a mutant takes seconds. */
export function isSystem({ test }: SecurityMutant): boolean {
  return test.file.startsWith('test/');
}
