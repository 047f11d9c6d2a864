import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { TestHost } from '../../../test/rig/relay/host.ts';
import { Refusals } from './refusals.ts';

const NOW = 1_800_000_000;
const refused = (isRequest: boolean, sid?: string) => ({
  from: { twin: 1, sid, host: 'relay.example' },
  bytes: encodeEnvelope({ uid: 'u', timestamp: 1n, expiration: 1n, relays: [] }),
  isRequest,
});

function rig() {
  const host = new TestHost(() => NOW * 1000);
  const seen = {
    counted: [] as string[],
    sent: [] as unknown[],
    mailed: [] as unknown[],
    told: [] as unknown[],
  };
  const decoded = (sid: string | undefined, bytes: Uint8Array) => {
    const envelope = decodeEnvelope(bytes);
    return { sid, envelope: envelope.ok ? envelope.value : undefined };
  };
  const refusals = new Refusals({
    host,
    custody: { tell: (origin, outcome) => void seen.told.push([origin.sequence, outcome]) },
    count: (metric, by, label) => void seen.counted.push(`${metric} ${by} ${label}`),
    outlets: { send: (sid, bytes) => void seen.sent.push(decoded(sid, bytes)) },
    delivery: { mail: async (sid, bytes) => void seen.mailed.push(decoded(sid, bytes)) },
  });
  return { refusals, seen };
}

describe('Refusals', () => {
  it('sends an error with the uid and the reason to the session of a request', () => {
    const { refusals, seen } = rig();
    refusals.refuse(refused(true, 'x'), 'offline');
    expect(seen.sent).toMatchObject([
      {
        sid: 'x',
        envelope: {
          uid: 'u',
          timestamp: BigInt(NOW),
          destination: { twin: 1, connection: 'x' },
          content: { kind: 'error', code: 0, message: 'destination offline' },
        },
      },
    ]);
    expect(seen.counted).toEqual(['relay_messages_dropped_total 1 offline']);
  });

  it('tells a custody session the reason after the error, and of an unknown fate only that', () => {
    const { refusals, seen } = rig();
    const origin = { twin: 1, connection: 5, sequence: 6 };
    refusals.refuse({ ...refused(true), origin }, 'offline');
    refusals.refuse({ ...refused(false), origin }, 'expired');
    refusals.refuse({ ...refused(true), origin }, 'undelivered');
    expect(seen.told).toEqual([
      [6, 'offline'],
      [6, 'expired'],
      [6, 'undelivered'],
    ]);
    expect(seen.sent).toHaveLength(1);
    refusals.refuse(refused(true), 'undelivered');
    expect(seen.sent).toHaveLength(2);
  });

  it('drops any other envelope, and counts it', () => {
    const { refusals, seen } = rig();
    refusals.refuse(refused(false), 'offline');
    refusals.report(refused(false), 'expired');
    expect([seen.sent, seen.mailed]).toEqual([[], []]);
    expect(seen.counted).toEqual(['relay_messages_dropped_total 1 offline', 'relay_messages_dropped_total 1 expired']);
  });

  it('mails the error of a queued request before it returns', () => {
    const { refusals, seen } = rig();
    refusals.report(refused(true), 'rejected');
    expect(seen.sent).toEqual([]);
    expect(seen.mailed).toMatchObject([
      { sid: undefined, envelope: { uid: 'u', destination: { twin: 1 }, content: { kind: 'error' } } },
    ]);
  });
});
