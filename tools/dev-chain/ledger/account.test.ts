import { Keyring } from '@polkadot/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../metadata/scale.ts';
import { accountOf } from './account.ts';

describe('accountOf', () => {
  it('reads SS58 of any network, and hex', () => {
    const keyring = new Keyring();
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(bytes, fc.constantFrom(0, 2, 42), (account, prefix) => {
        expect(accountOf(keyring.encodeAddress(account, prefix))).toBe(toHex(account));
        expect(accountOf(toHex(account).toUpperCase().replace('0X', '0x'))).toBe(toHex(account));
      }),
    );
  });

  it.each(['', '0x', '0xab', `0x${'aa'.repeat(33)}`, '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ', 'alice'])(
    'refuses %j',
    (text) => {
      expect(accountOf(text)).toBeUndefined();
    },
  );

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(accountOf(text)).toBeUndefined();
      }),
    );
  });
});
