import { expect, it } from 'vitest';
import { sectionOf, withSection } from './table.ts';

const PAGE = '# Results\n\nfirst\n\n## The client\n\nold\n\n## More\n\nrest\n';

it('replaces its section, and nothing else', () => {
  expect(withSection(PAGE, 'The client', 'new')).toBe(PAGE.replace('old', 'new'));
});

it('puts a section that is missing at the end', () => {
  expect(withSection('# Results\n\nfirst\n', 'The client', 'new')).toBe('# Results\n\nfirst\n\n## The client\n\nnew\n');
});

it('reads a section, so that other results keep it', () => {
  expect(sectionOf(PAGE, 'The client')).toBe('old');
  expect(sectionOf('# Results\n', 'The client')).toBeUndefined();
});
