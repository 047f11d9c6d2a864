import { describe, expect, it } from 'vitest';
import { proseOf } from './prose.ts';

const words = (path: string, text: string) =>
  proseOf(path, text)
    .split(/[\s|]+/)
    .filter(Boolean);

describe('proseOf a source', () => {
  it('keeps comments and strings with a space, and blanks code', () => {
    const source = [
      '/** Reads `due` rows.',
      ' * Then stops. */',
      "const due = 'due'; // a name is data",
      'throw new Error(`twin ${' + 'due} is away`);',
    ].join('\n');
    expect(words('a.ts', source)).toEqual('Reads rows. Then stops. a name is data twin is away'.split(' '));
  });

  it('blanks SQL and regular expressions', () => {
    const source = "sql.exec('SELECT due FROM alarm'); const WORD = /['\"] ours/; const text = 'after the quote';";
    expect(words('a.ts', source)).toEqual(['after', 'the', 'quote']);
  });

  it('reads comments of Python and TOML', () => {
    expect(words('a.py', "# Sends one\nx = 'due'")).toEqual(['Sends', 'one']);
    expect(words('a.toml', 'a = 1 # seconds')).toEqual(['seconds']);
  });

  it('keeps the offset of each word', () => {
    const source = "const a = 1;\n// the word\nconst b = 'two words';";
    const prose = proseOf('a.ts', source);
    expect(prose.length).toBe(source.length);
    expect(prose.indexOf('word')).toBe(source.indexOf('word'));
    expect(prose.indexOf('two')).toBe(source.indexOf('two'));
  });
});

describe('proseOf a page', () => {
  it('blanks fenced code and link targets', () => {
    const page = 'See [the page](docs/a.md#due).\n\n```sh\nrun due\n```\n\n<!-- due -->\nEnd.';
    expect(words('a.md', page)).toEqual(['See', '[the', 'page]', '.', 'End.']);
  });

  it('counts inline code, quotations and addresses as one word each', () => {
    const page = 'Set `A = 1`, cite “a test name”, read https://example.org/a-b.';
    expect(words('a.md', page).length).toBe(6);
    expect(proseOf('a.md', page).length).toBe(page.length);
  });
});
