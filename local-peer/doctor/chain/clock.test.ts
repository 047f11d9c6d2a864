import { describe, expect, it } from 'vitest';
import { judgeClock, type Skew } from './clock.ts';

const relays = (seconds: number): Skew => ({ seconds, whose: 'relays' });

describe('judgeClock', () => {
  it.each([
    ['a little behind', relays(4.9), 'ok', '4.9 s from'],
    ['a little ahead', relays(-4.9), 'ok', '4.9 s from'],
    ['behind', relays(60), 'warn', '60 s behind the relays’'],
    ['ahead', relays(-60), 'warn', '60 s ahead of the relays’'],
    ['behind the chain', { seconds: 60, whose: 'chain' }, 'warn', '60 s behind the chain’'],
    ['not known', undefined, 'skipped', 'neither'],
  ] as const)('%s', (_, skew, state, detail) => {
    expect(judgeClock(skew)).toMatchObject({ state, detail: expect.stringContaining(detail) });
  });

  it('says that others are refused when a token’s life is not enough', () => {
    expect(judgeClock(relays(299)).next).not.toContain('refused');
    expect(judgeClock(relays(301)).next).toContain('refused');
  });
});
