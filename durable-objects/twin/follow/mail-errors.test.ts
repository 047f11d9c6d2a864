import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { request } from '../../../test/rig/envelopes/envelopes.ts';
import type { BatchEnvelope, TwinLookup } from '../../contract.ts';
import { Directory } from '../send/directory.ts';
import type { RoutedEnvelope } from '../send/routed-envelope.ts';
import { MailErrors } from './mail-errors.ts';

const mail: RoutedEnvelope = {
  from: { twin: 1, sid: 'x', host: 'relay.example' },
  to: { twin: 2 },
  bytes: encodeEnvelope(request({ twin: 1, connection: 'x' }, { twin: 2 }, { uid: 'a' })),
  isRequest: true,
  failFast: false,
  expiresAt: 100,
  isMail: true,
};
const found = (relay: string): TwinLookup => ({ found: { id: 1, account: new Uint8Array(32), relay, pk: null } });

async function report(envelope: RoutedEnvelope, lookup: TwinLookup, dies = false) {
  const calls: [twin: number, BatchEnvelope | undefined][] = [];
  const counted: string[] = [];
  const errors = new MailErrors({
    host: { now: () => 50_000 },
    count: (metric, _, label) => void counted.push(`${metric} ${label}`),
    directory: new Directory({ lookup: async () => lookup }, ['relay.example'], () => 0),
    receiver: (twin) => ({
      deliver: async ([first]) => {
        calls.push([twin, first]);
        if (dies) throw new Error('object reset');
        return ['sent'];
      },
    }),
  });
  await errors.report(envelope, 'rejected-size');
  return { calls, counted };
}

describe('MailErrors', () => {
  it('tells the session that sent a request why its mail was not taken', async () => {
    const { calls, counted } = await report(mail, found('relay.example'));
    expect(calls).toMatchObject([[1, { sid: 'x', ifAway: 'store', expiresAt: 350 }]]);
    const error = decodeEnvelope(calls[0]?.[1]?.bytes ?? new Uint8Array(0));
    expect(error.ok && error.value).toMatchObject({
      uid: 'a',
      destination: { twin: 1, connection: 'x' },
      content: { kind: 'error', message: 'remote relay rejected permanently: message is too large for it' },
    });
    expect(counted).toEqual(['relay_messages_dropped_total rejected-size']);
  });

  it('calls no object for a sender of another relay, for no twin, and for a response', async () => {
    const silent = [
      await report(mail, found('other.example')),
      await report(mail, { unknown: true }),
      await report({ ...mail, isRequest: false }, found('relay.example')),
    ];
    for (const { calls, counted } of silent) {
      expect([calls, counted]).toEqual([[], ['relay_messages_dropped_total rejected-size']]);
    }
  });

  it('survives a call that dies', async () => {
    expect((await report(mail, found('relay.example'), true)).calls).toHaveLength(1);
  });
});
