import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAttachment, writeAttachment } from './attachment.ts';
import { readSessionUrl, sessionUrl } from './session-request.ts';

const sid = fc.option(
  fc.string({ unit: 'binary', maxLength: 300 }).map((text) => text.toWellFormed()),
  { nil: undefined },
);
const twin = fc.integer({ min: 1, max: 2 ** 32 - 1 });

describe('an attachment', () => {
  it('keeps a session through a sleep, with any sid or none', () => {
    fc.assert(
      fc.property(twin, sid, (id, name) => {
        const session = { twin: id, sid: name, host: 'relay.example' };
        const notes = {
          sent: { minute: 30_000_000, messages: 1, bytes: 2 },
          counts: { relay_message_rx: 3 },
          toldAt: 4,
        };
        const lost = { sid: name, at: 5 };
        for (const attached of [
          { kind: 'open' as const, session, rivalry: { switchedAt: 5, isDuel: true }, notes: {} },
          { kind: 'open' as const, session, rivalry: { switchedAt: 0, isDuel: false }, notes },
          {
            kind: 'open' as const,
            session: { ...session, custody: { connection: 6 } },
            rivalry: { switchedAt: 0, isDuel: false },
            notes,
          },
          {
            kind: 'open' as const,
            session: { ...session, custody: { connection: 6 } },
            rivalry: { switchedAt: 0, isDuel: false },
            notes,
          },
          { kind: 'closed' as const },
          { kind: 'closed' as const, lost },
        ]) {
          expect(readAttachment(structuredClone(writeAttachment(attached)))).toEqual(attached);
        }
      }),
    );
  });

  it('is read from older code', () => {
    expect(readAttachment({ v: 1, twin: 7, sid: 'x', host: 'relay.example', switchedAt: 0 })).toEqual({
      kind: 'open',
      session: { twin: 7, sid: 'x', host: 'relay.example' },
      rivalry: { switchedAt: 0, isDuel: false },
      notes: {},
    });
  });

  it('is unreadable if it has another version or is invalid', () => {
    for (const other of [null, undefined, 5, {}, { v: 2, twin: 1, host: '', switchedAt: 0 }]) {
      expect(readAttachment(other)).toBeUndefined();
    }
  });
});

describe('a session request', () => {
  it('carries twin, sid and host', () => {
    fc.assert(
      fc.property(twin, sid, (id, name) => {
        const request = { twin: id, sid: name, host: 'localhost:8787' };
        expect(readSessionUrl(sessionUrl(request))).toEqual(request);
        const offer = { ...request, offersCustody: true };
        expect(readSessionUrl(sessionUrl(offer))).toEqual(offer);
      }),
    );
  });
});
