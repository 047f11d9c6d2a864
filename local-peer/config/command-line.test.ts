import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCommandLine } from './command-line.ts';
import { SETTINGS, variableOf } from './table.ts';

function textOf(...argv: string[]): string {
  const command = readCommandLine(argv);
  return command.kind === 'text' ? command.text : '';
}

describe('readCommandLine', () => {
  it('helps with every flag, its variable, and examples', () => {
    const help = textOf('--help');
    for (const { name, isHidden } of SETTINGS) {
      expect(help.includes(`--${name} `), name).toBe(isHidden !== true);
      expect(help.includes(variableOf(name)), name).toBe(isHidden !== true);
    }
    expect(help).toContain('Examples:');
    expect(help).not.toContain('--seed');
  });

  it('takes nothing that docs/peer.md does not explain', () => {
    const docs = readFileSync('docs/peer.md', 'utf8');
    for (const { name } of SETTINGS) {
      expect(docs, name).toContain(`--${name}`);
      expect(docs, name).toContain(`\`${variableOf(name)}\``);
    }
  });

  it('prints the version alone', () => {
    for (const flag of ['-V', '--version']) expect(textOf(flag)).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('names what is wrong, and never repeats a value: it may be the secret', () => {
    const messages = [
      [['--mnemonc', 'S3CRET'], 'there is no flag --mnemonc'],
      [['--mnemonc=S3CRET it’s'], 'there is no flag --mnemonc'],
      [['-xS3CRET'], 'there is no flag -x'],
      [['-m', 'S3CRET', 'second'], 'too many arguments: the words of a secret belong in quotes'],
      [['--redis'], '--redis needs a value'],
    ] as const;
    for (const [argv, message] of messages) {
      expect(() => readCommandLine(argv)).toThrow(message);
      expect(() => readCommandLine(argv)).not.toThrow('S3CRET');
    }
  });
});
