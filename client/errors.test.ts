import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { faultError, isToldInstead, type PeerFault, RETRYABLE, RmbError, tooLarge } from './errors.ts';

describe('RmbError', () => {
  it('names what it is about, and says whether the same call may succeed later', () => {
    const error = new RmbError('offline', 'twin 7 is offline', { twin: 7, uid: 'u', relay: 'r', cause: 'c' });
    expect(error).toMatchObject({ name: 'RmbError', code: 'offline', twin: 7, uid: 'u', relay: 'r', cause: 'c' });
    expect(error.retryable).toBe(true);
    expect(new RmbError('unknown-twin', 'no twin').retryable).toBe(false);
  });
});

describe('faultError', () => {
  it.each<[PeerFault, number, string]>([
    [{ reason: 'message', detail: 'd' }, 100, 'invalid message: d'],
    [{ reason: 'payload', detail: 'd' }, 101, 'invalid payload: d'],
    [{ reason: 'unknown-twin', twin: 7 }, 103, "unknown twin id '7'"],
    [{ reason: 'no-key' }, 105, 'sender twin has no public key'],
    [{ reason: 'crypto' }, 106, 'e2e error: invalid cipher data'],
    [{ reason: 'queue-full', detail: 'd' }, 500, 'd'],
  ])('gives %j the code and text of the Rust peer', (fault, code, message) => {
    expect(faultError(fault)).toEqual({ code, message });
  });

  it('never quotes the mark of a seal', () => {
    expect(faultError({ reason: 'mark' }).message).not.toContain('rmb-seal');
  });
});

describe('isToldInstead', () => {
  it('holds for faults of a reply that an error can replace', () => {
    const reasons: PeerFault[] = [{ reason: 'mark' }, { reason: 'broken-key', twin: 7 }, tooLarge(9, 8)];
    expect(reasons.map(isToldInstead)).toEqual([true, true, true]);
    expect(isToldInstead({ reason: 'other', detail: '' })).toBe(false);
  });
});

describe('tooLarge', () => {
  it('names the size, and the limit where it is known', () => {
    expect(tooLarge(9, 8)).toMatchObject({ detail: 'the message has 9 bytes, its relay takes 8: send it in parts' });
    expect(tooLarge(9, undefined)).toMatchObject({ detail: expect.stringContaining('its relay takes less') });
  });
});

describe('the page about the client', () => {
  it('lists every code, and whether a retry may help', async () => {
    const page = await readFile(new URL('../docs/client.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)`\s*\|[^|]*\|\s*(yes)?\s*\|$/gm)];
    const listed = rows.map(([, code, yes]) => [code, yes !== undefined]);
    expect(listed).toEqual(Object.entries(RETRYABLE));
  });
});
