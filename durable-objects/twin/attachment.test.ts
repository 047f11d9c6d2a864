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
  it('holds a session through a sleep, any sid and none', () => {
    fc.assert(
      fc.property(twin, sid, (id, name) => {
        const session = { twin: id, sid: name, host: 'relay.example', switchedAt: 5 };
        expect(readAttachment(structuredClone(writeAttachment(session)))).toEqual({ session, notes: {} });
        const notes = { sent: { minute: 30_000_000, messages: 1, bytes: 2 }, counts: { relay_message_rx: 3 } };
        expect(readAttachment(structuredClone(writeAttachment(session, notes)))).toEqual({ session, notes });
      }),
    );
  });

  it('is nobody’s session when another hand wrote it', () => {
    for (const other of [null, undefined, 5, {}, { v: 2, twin: 1, host: '', switchedAt: 0 }]) {
      expect(readAttachment(other)).toBeUndefined();
    }
  });
});

describe('a session request', () => {
  it('carries twin, sid and host to the object', () => {
    fc.assert(
      fc.property(twin, sid, (id, name) => {
        const request = { twin: id, sid: name, host: 'localhost:8787' };
        expect(readSessionUrl(sessionUrl(request))).toEqual(request);
      }),
    );
  });
});
