import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';

const good = {
  secret: `0x${'01'.repeat(32)}`,
  keyType: 'sr25519',
  redis: 'redis://localhost:6379',
  substrate: ['wss://tfchain.grid.tf:443'],
  relays: ['wss://relay.grid.tf:443'],
  update: true,
  keepRelays: false,
};

describe('parseConfig', () => {
  it('takes the defaults of rmb-peer', () => {
    expect(parseConfig(good)).toEqual(good);
  });

  it.each([
    ['--mnemonic', { secret: '' }],
    ['--redis', { redis: 'http://localhost' }],
    ['--substrate', { substrate: ['https://chain.example'] }],
    ['--relay', { relays: [] }],
    ['--relay', { relays: Array(5).fill('wss://relay.grid.tf') }],
    ['--relay', { relays: ['ws://127.0.0.1:8787'] }],
    ['--key-type', { keyType: 'ecdsa' }],
  ])('names %s when it is wrong', (flag, fields) => {
    expect(() => parseConfig({ ...good, ...fields })).toThrow(flag);
  });

  it('never repeats a secret in its error', () => {
    expect(() => parseConfig({ ...good, secret: 5, relays: [] })).toThrow(/^(?!.*5$)/);
  });
});
