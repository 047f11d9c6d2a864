import { join } from 'node:path';
import { createVitest, type TestModule, type Vitest } from 'vitest/node';
import type { Mutation } from '../../../test/rig/mutants/mutant.ts';
import { mutated } from '../../../test/rig/mutants/mutant.ts';
import { type Citation, titlePattern } from './citation.ts';

/** Time limit (ms) of a test that a mutation makes wait for ever. */
const HANGS_MS = 30_000;

/** The result of a cited test under a mutation; `broken` when the test could not run. */
export interface Outcome {
  readonly verdict: 'failed' | 'passed' | 'broken';
  readonly detail: string;
}

/** Runs unit tests under mutations, one after the other, in one Vitest: only the changed file is transformed again. */
export class MutationRun {
  readonly #vitest: Vitest;
  readonly #root: string;
  readonly #now: { mutation?: Mutation };

  private constructor(vitest: Vitest, root: string, now: { mutation?: Mutation }) {
    this.#vitest = vitest;
    this.#root = root;
    this.#now = now;
  }

  static async start(root: string): Promise<MutationRun> {
    const now: { mutation?: Mutation } = {};
    const vitest = await createVitest(
      'test',
      {
        root,
        config: false,
        watch: false,
        reporters: [{}],
        include: ['**/*.test.ts'],
        // As in vitest.config.ts: without it a property may hold because its lists are short.
        setupFiles: ['test/rig/property-sizes.ts'],
        pool: 'threads',
        maxWorkers: 1,
        isolate: true,
        testTimeout: HANGS_MS,
        hookTimeout: HANGS_MS,
      },
      {
        plugins: [
          {
            name: 'mutation',
            enforce: 'pre',
            transform: (code, id) => {
              const { mutation } = now;
              return mutation !== undefined && id === join(root, mutation.file) ? mutated(code, mutation) : undefined;
            },
          },
        ],
      },
    );
    await vitest.standalone();
    return new MutationRun(vitest, root, now);
  }

  /** Resolves with the verdict of the cited test on the mutation. */
  async judge({ file, title }: Citation, mutation: Mutation | undefined): Promise<Outcome> {
    const path = join(this.#root, file);
    this.#switch(mutation);
    try {
      this.#vitest.setGlobalTestNamePattern(titlePattern(title));
      const specifications = this.#vitest.projects.map((project) => project.createSpecification(path));
      const { testModules } = await this.#vitest.runTestSpecifications(specifications);
      // Vitest also returns the files of earlier runs.
      return outcomeOf(testModules.filter(({ moduleId }) => moduleId === path));
    } finally {
      this.#switch(undefined, mutation);
    }
  }

  close(): Promise<void> {
    return this.#vitest.close();
  }

  #switch(to: Mutation | undefined, from?: Mutation): void {
    for (const each of [to, from]) if (each !== undefined) this.#vitest.invalidateFile(join(this.#root, each.file));
    if (to === undefined) delete this.#now.mutation;
    else this.#now.mutation = to;
  }
}

function outcomeOf(modules: readonly TestModule[]): Outcome {
  const broken = modules.flatMap((module) => module.errors().map(({ message }) => message));
  if (broken.length > 0) return { verdict: 'broken', detail: broken.join('; ') };
  const results = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result()));
  const failed = results.filter(({ state }) => state === 'failed');
  const ran = results.filter(({ state }) => state === 'failed' || state === 'passed');
  if (ran.length === 0) return { verdict: 'broken', detail: 'no test of that name ran' };
  const detail = failed.flatMap(({ errors }) => (errors ?? []).map(({ message }) => message)).join('; ');
  return failed.length > 0 ? { verdict: 'failed', detail } : { verdict: 'passed', detail: '' };
}
