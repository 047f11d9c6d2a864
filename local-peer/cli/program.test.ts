import { describe, expect, it } from 'vitest';
import { asksForCommand, commandsHelp } from './program.ts';

describe('asksForCommand', () => {
  it.each([[['call', '7', 'x']], [['no-such-command']], [['help', 'call']]])('runs a command for %j', (argv) => {
    expect(asksForCommand(argv)).toBe(true);
  });

  it.each([[[]], [['--mnemonic', 'x']], [['--help']], [['help']]])('runs the daemon for %j', (argv) => {
    expect(asksForCommand(argv)).toBe(false);
  });
});

describe('commandsHelp', () => {
  it('has a line for each command', () => {
    const names = ['call', 'serve', 'ping', 'twin', 'relay', 'bench', 'doctor'];
    for (const name of names) expect(commandsHelp()).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  });
});
