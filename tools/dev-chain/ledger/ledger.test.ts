import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEE, Ledger } from './ledger.ts';

const A = `0x${'aa'.repeat(32)}`;
const B = `0x${'bb'.repeat(32)}`;
const twin = (id: number, account: string) => ({ id, account, relay: null, pk: null, entities: [] });
const NOW = 1_700_000_000;
const TERMS = { kind: 'user_accept_tc', link: new Uint8Array([1]), hash: new Uint8Array([2]) } as const;
const profile = { relay: new Uint8Array([1]), pk: null };

describe('Ledger', () => {
  it('updates only the twin of the calling account', () => {
    const ledger = new Ledger();
    ledger.put(twin(1, A));
    ledger.put(twin(2, B));
    expect(ledger.apply(A, { kind: 'update_twin', ...profile }, NOW)).toMatchObject({
      ok: true,
      event: { kind: 'twinUpdated' },
    });
    expect([ledger.twin(1)?.relay, ledger.twin(2)?.relay]).toEqual([profile.relay, null]);
  });

  it('refuses an account without a twin, and a second twin for one', () => {
    const ledger = new Ledger();
    expect(ledger.apply(A, { kind: 'update_twin', ...profile }, NOW)).toEqual({ ok: false, error: 'TwinNotExists' });
    ledger.put(twin(1, A));
    ledger.apply(A, TERMS, NOW);
    expect(ledger.apply(A, { kind: 'create_twin', ...profile }, NOW)).toEqual({
      ok: false,
      error: 'TwinWithPubkeyExists',
    });
  });

  it('creates a twin only after its account accepted the terms, and remembers them', () => {
    const ledger = new Ledger();
    const refused = { ok: false, error: 'UserDidNotSignTermsAndConditions' };
    expect(ledger.apply(A, { kind: 'create_twin', ...profile }, NOW)).toEqual(refused);
    expect(ledger.terms(A)).toEqual([]);
    for (const now of [NOW, NOW + 6]) ledger.apply(A, TERMS, now);
    const { link, hash } = TERMS;
    expect(ledger.terms(A)).toEqual([NOW, NOW + 6].map((timestamp) => ({ timestamp, link, hash })));
    expect(ledger.apply(B, { kind: 'create_twin', ...profile }, NOW)).toEqual(refused);
    expect(ledger.apply(A, { kind: 'create_twin', ...profile }, NOW)).toMatchObject({
      ok: true,
      event: { kind: 'twinStored', twin: { id: 1, account: A, ...profile } },
    });
    expect(ledger.idOf(A)).toBe(1);
  });

  it('charges fee and nonce for every extrinsic, and for nothing else', () => {
    fc.assert(
      fc.property(fc.nat(50), (count) => {
        const ledger = new Ledger();
        ledger.put(twin(1, A));
        const { free } = ledger.account(A);
        for (let n = 0; n < count; n += 1) ledger.charge(A);
        ledger.apply(A, { kind: 'remark' }, NOW);
        expect(ledger.account(A)).toEqual({ nonce: count, free: free - FEE * BigInt(count) });
      }),
    );
  });

  it('gives a new twin the next id, even beside a twin with the last possible id', () => {
    const ledger = new Ledger();
    ledger.put(twin(0xffff_ffff, B));
    ledger.put(twin(41, `0x${'cc'.repeat(32)}`));
    ledger.apply(A, TERMS, NOW);
    expect(ledger.apply(A, { kind: 'create_twin', ...profile }, NOW)).toMatchObject({ event: { twin: { id: 42 } } });
  });

  it('moves a whole twin to another account', () => {
    const ledger = new Ledger();
    ledger.put(twin(1, A));
    ledger.put(twin(1, B));
    expect(ledger.apply(A, { kind: 'update_twin', ...profile }, NOW).ok).toBe(false);
    expect(ledger.apply(B, { kind: 'update_twin', ...profile }, NOW).ok).toBe(true);
  });
});
