import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ss58Address } from '../identity.ts';
import { accountOfSs58 } from './ss58.ts';

const account = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('accountOfSs58', () => {
  it('decodes the account of any network’s address', () => {
    fc.assert(
      fc.property(account, fc.nat(0x3fff), (bytes, prefix) => {
        expect(accountOfSs58(ss58Address(bytes, prefix))).toEqual(bytes);
      }),
    );
  });

  it('refuses an address with a changed letter', () => {
    fc.assert(
      fc.property(account, fc.nat(46), fc.constantFrom(...'123456789abcdef'), (bytes, at, letter) => {
        const good = ss58Address(bytes);
        const bad = good.slice(0, at) + letter + good.slice(at + 1);
        // With two bytes of checksum one in 65,536 is accepted, as another account.
        if (bad !== good) expect(accountOfSs58(bad) ?? new Uint8Array(0)).not.toEqual(bytes);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void accountOfSs58(text)));
    expect(accountOfSs58('')).toBeUndefined();
    expect(accountOfSs58('1'.repeat(1000))).toBeUndefined();
  });
});
