import { ErrorReply } from 'redis';
import { describe, expect, it } from 'vitest';
import { type Fate, isForbidden, mayPass, refusalOf } from './refusal.ts';

const SHA = '5b16d6fd0c8da525ee6b7240d880c9b14f5b65da';
const SCRIPT = `ERR Error running script (call to f_${SHA}): @user_script:1:`;

/** The texts are those of Redis 6.2.14, 7.0.15 and 8.0.2 and of Valkey 8.0.1. */
describe('refusalOf', () => {
  it.each<[Fate, string, string]>([
    ['passing', 'READONLY', "READONLY You can't write against a read only replica."],
    ['passing', 'OOM', "OOM command not allowed when used memory > 'maxmemory'."],
    ['passing', 'READONLY', `READONLY You can't write against a read only replica. script: ${SHA}, on @user_script:1.`],
    ['passing', 'READONLY', `${SCRIPT} @user_script: 1: -READONLY You can't write against a read only replica.`],
    ['passing', 'NOREPLICAS', `${SCRIPT} @user_script: 1: -NOREPLICAS Not enough good replicas to write.`],
    ['passing', 'READONLY', "@user_script: 1: -READONLY You can't write against a read only replica."],
    ['passing', 'MASTERDOWN', "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
    ['passing', 'BUSY', 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'],
    ['passing', 'LOADING', 'LOADING Redis is loading the dataset in memory'],
    ['passing', 'MISCONF', 'MISCONF Redis is configured to save RDB snapshots, but it is unable to persist on disk.'],
    [
      'passing',
      'UNBLOCKED',
      'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
    ],
    ['away', 'NOAUTH', 'NOAUTH Authentication required.'],
    // To a command of more than 10 parts, or with a long one, on a connection that is not logged in.
    ['away', 'NOAUTH', 'ERR Protocol error: unauthenticated multibulk length'],
    ['away', 'NOAUTH', 'ERR Protocol error: unauthenticated bulk length'],
    ['passing', 'ERR', 'ERR Protocol error: invalid multibulk length'],
    ['away', 'WRONGPASS', 'WRONGPASS invalid username-password pair or user is disabled.'],
    ['away', 'WRONGPASS', 'ERR AUTH <password> called without any password configured for the default user.'],
    ['away', 'NOPERM', 'NOPERM this user has no permissions to access one of the keys used as arguments'],
    [
      'away',
      'NOPERM',
      `ERR The user executing the script can't run this command or subcommand script: ${SHA}, on @user_script:2.`,
    ],
    [
      'away',
      'NOPERM',
      `ERR ACL failure in script: User peer has no permissions to run the 'lrem' command script: ${SHA}, on @user_script:2.`,
    ],
    [
      'away',
      'NOPERM',
      `${SCRIPT} @user_script: 1: -NOPERM The user executing the script can't run this command or subcommand`,
    ],
    ['away', 'MOVED', 'MOVED 3999 127.0.0.1:6381'],
    ['away', 'CROSSSLOT', "CROSSSLOT Keys in request don't hash to the same slot"],
    ['away', 'CLUSTERDOWN', 'CLUSTERDOWN Hash slot not served'],
    ['away', 'ERR', 'ERR DB index is out of range'],
    ['away', 'ERR', 'ERR max number of clients reached'],
    ['final', 'WRONGTYPE', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    [
      'final',
      'WRONGTYPE',
      `WRONGTYPE Operation against a key holding the wrong kind of value script: ${SHA}, on @user_script:1.`,
    ],
    ['final', 'WRONGTYPE', `${SCRIPT} WRONGTYPE Operation against a key holding the wrong kind of value`],
    ['final', 'ERR', `${SCRIPT} @user_script: 1: Unknown Redis command called from Lua script`],
    ['final', 'ERR', "ERR unknown command 'BLMOVE', with args beginning with: 'a' 'b'"],
    ['final', 'ERR', 'ERR an entry that says @user_script: 1: -READONLY'],
  ])('is %s, %s: %s', (fate, code, text) => {
    const error = new ErrorReply(text);
    expect(refusalOf(error)).toMatchObject({ fate, code });
    expect(mayPass(error)).toBe(fate !== 'final');
  });

  it('shows nothing of a text of Redis but its code', () => {
    const { code, reason, remedy } = refusalOf(new ErrorReply('STRANGE \u001b[31m secret')) ?? {};
    expect([code, reason, remedy]).toEqual(['STRANGE', 'Redis refuses a command', 'look at the log of Redis']);
  });

  it.each([
    ['READONLY', true],
    ['MASTERDOWN', true],
    ['NOREPLICAS', true],
    ['NOAUTH', true],
    ['WRONGPASS', true],
    ['OOM', false],
    ['BUSY', false],
    ['NOPERM', false],
  ])('knows whether a new connection may help: %s %s', (code, isDialledAgain) => {
    expect(refusalOf(new ErrorReply(`${code} text`))?.isDialledAgain).toBe(isDialledAgain);
  });

  it('means nothing when Redis did not answer', () => {
    expect(refusalOf(new Error('Socket closed unexpectedly'))).toBeUndefined();
    expect(mayPass(new Error('Socket closed unexpectedly'))).toBe(true);
  });
});

describe('isForbidden', () => {
  it.each([
    [true, 'NOPERM this user has no permissions to access one of the keys used as arguments'],
    [
      false,
      `ERR The user executing the script can't run this command or subcommand script: ${SHA}, on @user_script:2.`,
    ],
  ])('is %s: %s', (expected, text) => {
    expect(isForbidden(new ErrorReply(text))).toBe(expected);
  });
});
