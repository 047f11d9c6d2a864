import { ErrorReply } from 'redis';
import { describe, expect, it } from 'vitest';
import { mayPass } from './refusal.ts';

const SHA = '5b16d6fd0c8da525ee6b7240d880c9b14f5b65da';

/** As Redis 6.2.14, Redis 8.0.2 and Valkey 8.0.1 were heard to word them. */
describe('what Redis refuses', () => {
  it.each([
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    `READONLY You can't write against a read only replica. script: ${SHA}, on @user_script:1.`,
    `ERR Error running script (call to f_${SHA}): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica.`,
    `ERR Error running script (call to f_${SHA}): @user_script:1: @user_script: 1: -NOREPLICAS Not enough good replicas to write.`,
    "@user_script: 1: -READONLY You can't write against a read only replica.",
  ])('for a while: %s', (message) => {
    expect(mayPass(new ErrorReply(message))).toBe(true);
  });

  it.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    `WRONGTYPE Operation against a key holding the wrong kind of value script: ${SHA}, on @user_script:1.`,
    `ERR Error running script (call to f_${SHA}): @user_script:1: WRONGTYPE Operation against a key holding the wrong kind of value`,
    `ERR Error running script (call to f_${SHA}): @user_script:1: @user_script: 1: Unknown Redis command called from Lua script`,
    'ERR an entry that says @user_script: 1: -READONLY',
  ])('for good: %s', (message) => {
    expect(mayPass(new ErrorReply(message))).toBe(false);
  });

  it('nothing, when it is away', () => {
    expect(mayPass(new Error('Socket closed unexpectedly'))).toBe(true);
  });
});
