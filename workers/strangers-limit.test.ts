import { describe, expect, it } from 'vitest';
import type { HttpRefusal } from './refusal.ts';
import { addressOf, charge, chargedRefusal } from './strangers-limit.ts';

/** A limiter that admits `most` of each key. */
function limiter(most: number) {
  const counts = new Map<string, number>();
  return {
    counts,
    limit: async ({ key }: { key: string }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= most };
    },
  };
}

const refusal = (code: HttpRefusal['code']): HttpRefusal => ({ code, message: '' });

describe('addressOf', () => {
  const of = (address: string) => addressOf(new Headers({ 'cf-connecting-ip': address }));

  it('is an IPv4 address', () => {
    expect(of('192.0.2.7')).toBe('192.0.2.7');
  });

  it('is the same for all addresses of one customer of IPv6', () => {
    for (const address of ['2001:db8:0:1::7', '2001:DB8::1:0:0:0:9', '2001:0db8:0000:0001:ffff:1:2:3']) {
      expect(of(address)).toBe('2001:db8:0:1::/64');
    }
    expect(of('2001:db8:0:2::7')).not.toBe(of('2001:db8:0:1::7'));
    expect(of('::1')).toBe('0:0:0:0::/64');
  });

  it('is empty where the platform gives none', () => {
    expect(addressOf(new Headers())).toBe('');
  });
});

describe('a refused token', () => {
  it('is charged to its address, and answered with 429 at the limit', async () => {
    const limit = limiter(2);
    const codes = [];
    for (const code of ['bad-signature', 'unknown-twin', 'expired-token'] as const) {
      codes.push((await chargedRefusal(limit, '192.0.2.7', refusal(code))).code);
    }
    expect(codes).toEqual(['bad-signature', 'unknown-twin', 'too-many-strangers']);
    expect((await chargedRefusal(limit, '192.0.2.8', refusal('bad-signature'))).code).toBe('bad-signature');
  });

  it('is not charged if the relay has the trouble', async () => {
    const limit = limiter(0);
    for (const code of ['chain-unreachable', 'missing-token', 'bad-handshake'] as const) {
      expect((await chargedRefusal(limit, '192.0.2.7', refusal(code))).code).toBe(code);
    }
    expect(limit.counts.size).toBe(0);
  });
});

it('admits everybody while the limiter fails', async () => {
  expect(await charge({ limit: () => Promise.reject(new Error('away')) }, '192.0.2.7')).toBe(true);
});
