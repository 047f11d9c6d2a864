import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf } from './links.ts';

describe('linksOf', () => {
  it('finds relative links with their lines, and leaves addresses out', () => {
    const page = '[a](a.md) and [b](../b/c.md#part)\n\n![c](c.svg), [d](#here), [e](https://example.org/#x)';
    expect(linksOf(page)).toEqual([
      { line: 1, path: 'a.md' },
      { line: 1, path: '../b/c.md', anchor: 'part' },
      { line: 3, path: 'c.svg' },
      { line: 3, path: '', anchor: 'here' },
    ]);
  });

  it('leaves code out', () => {
    expect(linksOf('```md\n[a](a.md)\n```\n`[b](b.md)`')).toEqual([]);
  });
});

describe('anchorsOf', () => {
  it('names headings as GitHub does', () => {
    const page =
      '# The `relay`, in short\n\n## 3.5 The seal\n\n```sh\n# no heading\n```\n\n## [Docs](docs)\n\n## What?\n';
    expect([...anchorsOf(page)]).toEqual(['the-relay-in-short', '35-the-seal', 'docs', 'what']);
  });

  it('numbers headings of one name', () => {
    expect([...anchorsOf('## Run\n\n## Run\n\n## Run')]).toEqual(['run', 'run-1', 'run-2']);
  });
});
