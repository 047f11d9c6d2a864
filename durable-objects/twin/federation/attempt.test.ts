import { describe, expect, it } from 'vitest';
import type { Parcel, TwinLookup, Verdict } from '../../contract.ts';
import { Absence } from './absence.ts';
import { attempt } from './attempt.ts';
import type { FederatedMessage } from './bundle.ts';
import type { Carried } from './carry.ts';

const message: FederatedMessage = {
  from: { twin: 1 },
  host: 'relay.example',
  to: { twin: 2, connection: 'x' },
  uid: 'u',
  isRequest: true,
  failFast: false,
  expiresAt: 100,
  bytes: new Uint8Array(3),
};
const found = (relay: string | null): TwinLookup => ({
  found: { id: 2, account: new Uint8Array(32), relay, pk: null },
});
const elsewhere = found('a.example_b.example');

async function run(
  lookup: TwinLookup,
  {
    isRetry = false,
    verdict,
    carried = 'accepted',
  }: { isRetry?: boolean; verdict?: Verdict | 'dies'; carried?: Carried },
) {
  const absence = new Absence(() => 0);
  const parcels: Parcel[] = [];
  const carriedTo: (readonly string[])[] = [];
  const attempted = await attempt(message, isRetry, {
    lookup: async () => lookup,
    receiver: () => ({
      deliver: async (batch) => {
        parcels.push(...batch);
        if (verdict === 'dies' || verdict === undefined) throw new Error('object reset');
        return [verdict];
      },
    }),
    ownDomains: (host) => [host],
    stored: () => undefined,
    absence,
    allowsPrivate: false,
    carry: async (domains) => {
      carriedTo.push(domains);
      return carried;
    },
  });
  return { attempted, parcels, carriedTo, isAway: absence.has(message.to) };
}

describe('an attempt', () => {
  it('goes to the relays on chain, the first time without asking here', async () => {
    expect(await run(elsewhere, {})).toEqual({
      attempted: { settled: true, reason: undefined },
      parcels: [],
      carriedTo: [['a.example', 'b.example']],
      isAway: false,
    });
  });

  it.each([
    ['rejected', { settled: true, reason: 'rejected' }],
    ['not-a-relay', { settled: true, reason: 'not-a-relay' }],
    ['failed', { settled: false }],
    ['late', { settled: false }],
  ] as const)('that was %s says so', async (carried, attempted) => {
    expect(await run(elsewhere, { carried })).toMatchObject({ attempted });
  });

  it('looks here first when it is a retry', async () => {
    const here = await run(elsewhere, { isRetry: true, verdict: 'sent' });
    expect(here).toMatchObject({
      attempted: { settled: true },
      carriedTo: [],
      parcels: [{ ifAway: 'return', sid: 'x' }],
    });
    const away = await run(elsewhere, { isRetry: true, verdict: 'offline' });
    expect(away).toMatchObject({ attempted: { settled: true }, carriedTo: [['a.example', 'b.example']], isAway: true });
  });

  it('follows a twin that has come home to us, or has no home any more', async () => {
    const ours = await run(found('relay.example'), { verdict: 'stored' });
    expect(ours).toMatchObject({ attempted: { settled: true }, parcels: [{ ifAway: 'store' }], carriedTo: [] });
    const full = await run(found('relay.example'), { verdict: 'full' });
    expect(full.attempted).toEqual({ settled: true, reason: 'mailbox-full' });
    expect((await run(found(null), { verdict: 'offline' })).attempted).toEqual({ settled: true, reason: 'no-relay' });
    expect((await run({ unknown: true }, {})).attempted).toEqual({ settled: true, reason: 'unknown-twin' });
    expect((await run(found('no host'), {})).attempted).toEqual({ settled: true, reason: 'unreachable' });
    expect((await run(found('10.0.0.1'), {})).attempted).toEqual({ settled: true, reason: 'private-relay' });
  });

  it('comes again when the chain is out of reach, and never after a call of which nobody knows what it did', async () => {
    expect((await run({ unavailable: 'down' }, {})).attempted).toEqual({ settled: false });
    const died = await run(elsewhere, { isRetry: true, verdict: 'dies' });
    expect(died).toMatchObject({ attempted: { settled: true, reason: 'undelivered' }, carriedTo: [] });
  });
});
