import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import { TARGETS } from './targets.ts';

const part = (text: string) => Buffer.from(text).toString('base64url');

/** Inputs that once showed a fault: the target, what happened, the input. */
const FOUND: readonly (readonly [target: string, what: string, input: string])[] = [
  [
    'tokens',
    'a claim of nested lists overflowed the stack, and the relay answered 500',
    `${part('{"alg":"RS512"}')}.${part(`{"sub":7,"sid":null,"iat":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)}.AA`,
  ],
];

describe('inputs that npm run fuzz found', () => {
  it.each(FOUND)('%s: are read without a fault since %s', async (name, _, input) => {
    const target = TARGETS.find((each) => each.name === name);
    if (target === undefined) throw new Error(`unknown target ${name}`);
    expect(await judge(target, new TextEncoder().encode(input))).toBeUndefined();
  });
});
