import type { Mutation } from '../../../test/rig/mutants/mutant.ts';
import type { Citation } from './citation.ts';

/** A removed protection, and the test that must fail without it. */
export interface SecurityMutant {
  readonly test: Citation;
  readonly change: Mutation;
}

/** Each row: the text to find in the file, its replacement, and the test that must fail. */
export type MutantRow = readonly [find: string, replace: string, title: string];

/** Returns the mutants of one file that one test file detects. */
export function mutantsOf(file: string, testFile: string, rows: readonly MutantRow[]): SecurityMutant[] {
  return rows.map(([find, replace, title]) => ({
    test: { file: testFile, title },
    change: { file, find, replace },
  }));
}

/** Returns whether its test starts servers, which takes seconds. */
export function isSystem({ test }: SecurityMutant): boolean {
  return test.file.startsWith('test/');
}
