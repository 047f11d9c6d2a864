import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { RmbError } from '../../client/errors.ts';
import { UsageError } from '../config/layers.ts';
import { failureReport } from './failure-report.ts';

const call = new Command('call').argument('<twin>').option('--json');
const report = (error: unknown, ...argv: string[]) =>
  failureReport(error, { command: call, names: ['call', 'ping'], argv });

/** Returns the report of arguments that commander refuses. */
function misused(...argv: string[]) {
  const root = new Command('rmb-peer').exitOverride().configureOutput({ writeErr: () => undefined });
  root.addCommand(new Command('call').argument('<twin>').option('-n <count>').copyInheritedSettings(root));
  try {
    root.parse(argv, { from: 'user' });
  } catch (error) {
    const command = root.commands.find((each) => each.name() === argv[0]);
    return failureReport(error, { command, names: ['call', 'ping'], argv });
  }
  throw new Error('commander accepts these arguments');
}

describe('failureReport', () => {
  it.each([
    ['no-answer', 3],
    ['offline', 4],
    ['unknown-twin', 4],
    ['relay', 1],
  ] as const)('ends a failure of the kind %s with exit code %i', (code, exit) => {
    const error = new RmbError(code, 'the reason');
    expect(report(error, 'call', '7')).toEqual({ code: exit, stdout: [], stderr: ['rmb-peer call: the reason'] });
    const { stdout, stderr, ...rest } = report(error, 'call', '7', '--json');
    expect([stdout.map((line) => JSON.parse(line)), stderr, rest]).toEqual([
      [{ ok: false, kind: code, message: 'the reason' }],
      [],
      { code: exit },
    ]);
  });

  it('shows the usage of a command that is misused', () => {
    const { code, stderr } = report(new UsageError('no twin'), 'call');
    expect([code, ...stderr]).toEqual([2, 'rmb-peer call: no twin', expect.stringContaining('usage: rmb-peer call ')]);
    expect(report(new UsageError('no twin'), 'call', '--json').stdout).toEqual([
      '{"ok":false,"kind":"usage","message":"no twin"}',
    ]);
  });

  it('takes a --json after -- for an argument of another program', () => {
    expect(report(new Error('x'), 'serve', '--', 'program', '--json')).toMatchObject({ code: 1, stdout: [] });
  });

  it('names all commands, and the one that was probably intended', () => {
    expect(misused('cal').stderr).toEqual([
      'rmb-peer: there is no such command (Did you mean call?); there are call, ping',
    ]);
    expect(misused('zzzzzz').stderr).toEqual(['rmb-peer: there is no such command; there are call, ping']);
  });

  it('quotes no argument: it may be a secret', () => {
    const secret = 'words of a mnemonic';
    for (const argv of [['call', '7', secret], [secret], ['call', '7', `--${secret}`]]) {
      const { code, stderr } = misused(...argv);
      expect(code).toBe(2);
      expect(stderr.join()).not.toContain(secret);
    }
  });

  it('writes no control character of a stranger', () => {
    const { stderr } = report(new Error('\u001b[2Jboo\r\n'), 'call');
    for (const each of ['\u001b', '\r', '\n']) expect(stderr.join('')).not.toContain(each);
  });
});
