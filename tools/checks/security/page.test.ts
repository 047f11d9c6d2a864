import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mutated } from '../../../test/rig/mutants/mutant.ts';
import { MUTANTS } from '../../../test/rig/mutants/mutants.ts';
import { isTheme, THEMES } from '../../conformance/themes.ts';
import { type Citation, CONFORMANCE } from './citation.ts';
import { SECURITY_MUTANTS } from './mutants.ts';
import { pageRows } from './page.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const rows = await pageRows(join(ROOT, 'docs/security.md'));
const keyOf = ({ file, title }: Citation) => `${file} “${title}”`;
const cited = rows.flatMap(({ tests }) => tests);
/** Tests that were seen to fail when their protection is taken away. */
const proven = new Set([
  ...SECURITY_MUTANTS.map(({ test }) => keyOf(test)),
  ...MUTANTS.flatMap(({ seenBy }) => seenBy).map((title) => keyOf({ file: CONFORMANCE, title })),
]);

describe('docs/security.md', () => {
  it('has a test in every row', () => {
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter(({ tests }) => tests.length === 0).map(({ line }) => line)).toEqual([]);
  });

  it('cites only tests that exist, by their exact names', async () => {
    const missing: string[] = [];
    for (const test of cited.filter(({ file }) => file !== CONFORMANCE)) {
      const source = await readFile(join(ROOT, test.file), 'utf8').catch(() => '');
      const quoted = [`'${test.title}'`, `"${test.title}"`, `\`${test.title}\``];
      if (!quoted.some((text) => source.includes(text))) missing.push(keyOf(test));
    }
    expect(missing).toEqual([]);
  });

  it('cites only conformance cases that exist', () => {
    const missing = cited
      .filter(({ file }) => file === CONFORMANCE)
      .filter(({ title }) => {
        const [theme = '', name = ''] = title.split(/\/(.*)/);
        return !isTheme(theme) || !THEMES[theme].some((tried) => tried.name === name);
      });
    expect(missing.map(keyOf)).toEqual([]);
  });

  it('has a mutant for every row: the protection taken away, a cited test fails', () => {
    const unproven = rows.filter(({ tests }) => !tests.some((test) => proven.has(keyOf(test))));
    expect(unproven.map(({ line, text }) => `${line}: ${text.slice(0, 80)}`)).toEqual([]);
  });

  it('has mutants whose text stays in their files, each once', async () => {
    const changes = [...SECURITY_MUTANTS, ...MUTANTS].map(({ change }) => change);
    const faults = await Promise.all(
      changes.map(async (change) => {
        const parts = (await readFile(join(ROOT, change.file), 'utf8')).split(change.find);
        return parts.length === 2 ? [] : [`${change.file}: ${parts.length - 1} times: ${change.find}`];
      }),
    );
    expect(faults.flat()).toEqual([]);
  });

  it('cites every test that has a security mutant', () => {
    const onPage = new Set(cited.map(keyOf));
    expect(SECURITY_MUTANTS.map(({ test }) => keyOf(test)).filter((key) => !onPage.has(key))).toEqual([]);
  });
});

describe('a mutant', () => {
  it('changes text that its file has exactly once', async () => {
    const faults: string[] = [];
    for (const change of [...SECURITY_MUTANTS, ...MUTANTS].map((mutant) => mutant.change)) {
      try {
        mutated(await readFile(join(ROOT, change.file), 'utf8'), change);
      } catch (error) {
        faults.push(String(error));
      }
    }
    expect(faults).toEqual([]);
  });
});
