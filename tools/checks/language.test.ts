import { describe, expect, it } from 'vitest';
import { findingsOf } from './language.ts';

const sentence = (words: number) => `${Array.from({ length: words }, (_, index) => `w${index}`).join(' ')}.`;

describe('findingsOf', () => {
  it('finds a banned word with its line, in any case, and across lines', () => {
    const source = '/**\n * Whoever asks\n * is\n * told. */\nexport const due = 1;';
    expect(findingsOf('a.ts', source)).toEqual([
      { line: 2, problem: '"Whoever": write the client, a program that …' },
      { line: 3, problem: '"is told": write gets an error, or receives' },
    ]);
  });

  it('leaves longer words and "there is none" alone', () => {
    expect(findingsOf('a.ts', '// colours, hours, overdue, understands; returns undefined if there is none')).toEqual(
      [],
    );
    expect(findingsOf('a.ts', '// the secret is none').length).toBe(1);
  });

  it('finds a sentence of more than 40 words in a page, and none in a source', () => {
    const page = `# Title\n\n${sentence(40)} ${sentence(41)}\n`;
    expect(findingsOf('a.md', page)).toEqual([{ line: 3, problem: 'a sentence of 41 words: "w0 w1 w2 w3 w4 w5 …"' }]);
    expect(findingsOf('a.ts', `// ${sentence(41)}`)).toEqual([]);
  });

  it('ends a sentence at list items and table cells', () => {
    const half = sentence(25).slice(0, -1);
    expect(findingsOf('a.md', `- ${half}\n- ${half}\n\n| ${half} | ${half} |\n`)).toEqual([]);
  });
});
