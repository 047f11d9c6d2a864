import type { Theme } from '../../../tools/conformance/themes.ts';
import type { Mutation } from './mutant.ts';

/** A relay that lacks a rule, and the cases that must see it: just these, of the themes that are run. */
export interface Mutant {
  readonly rule: string;
  readonly change: Mutation;
  readonly themes: readonly Theme[];
  /** `theme/name of the case`. */
  readonly seenBy: readonly string[];
  readonly limits?: { readonly messages: number; readonly bytes: number };
}

type Row = readonly [rule: string, file: string, find: string, replace: string, seenBy: readonly string[]];

/** Makes mutants of rows: they run the same themes, under the same limits. */
export const rows = (themes: readonly Theme[], list: readonly Row[], limits?: Mutant['limits']): Mutant[] =>
  list.map(([rule, file, find, replace, seenBy]) => ({
    rule,
    change: { file, find, replace },
    themes,
    seenBy,
    ...(limits && { limits }),
  }));
