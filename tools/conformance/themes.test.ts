import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { DIFFERENCE_NAMES } from './differences.ts';
import { THEME_NAMES, THEMES } from './themes.ts';

let doc: string;
beforeAll(async () => {
  doc = await readFile(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
});

const cases = THEME_NAMES.flatMap((theme) => THEMES[theme].map((tried) => ({ ...tried, theme })));

describe('docs/protocol.md and the cases', () => {
  it('each case cites an existing section', () => {
    const numbers = new Set([...doc.matchAll(/^#{2,3} (\d+(?:\.\d+)?) /gm)].map(([, number]) => number));
    expect(cases.filter(({ section }) => !numbers.has(section))).toEqual([]);
  });

  it('each paragraph of sections 5 to 7 has a case', () => {
    const cited = new Set(cases.map(({ section }) => section));
    const stated = [...doc.matchAll(/^### ([5-7]\.\d+) /gm)].map(([, number]) => number ?? '');
    expect(stated.length).toBeGreaterThan(20);
    expect(stated.filter((number) => !cited.has(number))).toEqual([]);
  });

  it('each intended difference of a case is a row of the tables', () => {
    const rows = new Set([...doc.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, cell]) => cell));
    expect(DIFFERENCE_NAMES.filter((name) => !rows.has(name))).toEqual([]);
    const used = new Set<string | undefined>(cases.map(({ intended }) => intended?.difference));
    expect(DIFFERENCE_NAMES.filter((name) => !used.has(name))).toEqual([]);
  });

  it('the worked example consists of vectors', async () => {
    const vectors = await readFile(new URL('../../test/vectors/protocol.json', import.meta.url), 'utf8');
    const example = doc.slice(doc.indexOf('## 10 '), doc.indexOf('## 11 '));
    const numbers = [...example.matchAll(/[0-9a-f]{32,}|^eyJ\S+$/gm)].map(([number]) => number);
    expect(numbers.length).toBeGreaterThan(8);
    expect(numbers.filter((number) => !vectors.includes(number))).toEqual([]);
  });
});

describe('the cases', () => {
  it('have unique names in each theme', () => {
    const names = cases.map(({ theme, name }) => `${theme}/${name}`);
    expect(names.length).toBe(new Set(names).size);
    expect(names.length).toBeGreaterThan(150);
  });
});
