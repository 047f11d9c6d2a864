import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBacklog, encodeBacklog } from './backlog.ts';

const text = fc.string({ unit: 'binary' });

test('a backlog decodes to itself, also with a ttl beyond 2^53', () => {
  const backlog = fc.record({
    uid: text,
    reference: fc.option(text, { nil: undefined }),
    replyTo: text,
    module: text,
    ttl: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    asked: fc.array(fc.nat(2 ** 32 - 1)),
    seals: fc.array(text),
    stream: fc.boolean(),
  });
  fc.assert(
    fc.property(backlog, (one) => {
      expect(decodeBacklog(encodeBacklog(one))).toEqual({ ok: true, value: one });
    }),
  );
});

test('a backlog is encoded as in peer.proto', () => {
  const note = { uid: 'u', reference: 'r', replyTo: 'q', module: 'm', ttl: 300n };
  const bytes = (asked: number[], seals: string[] = [], stream = false) =>
    Buffer.from(encodeBacklog({ ...note, asked, seals, stream })).toString('hex');
  const reference = '0a0175120172' + '1a01712201' + '6d28ac02';
  expect(bytes([])).toBe(reference);
  // Behind the fields of a Rust peer, with a number that it does not know.
  expect(bytes([6, 300], ['', 's'])).toBe(`${reference}82010306ac028a01008a010173`);
  expect(bytes([], [], true)).toBe(`${reference}900101`);
});

test('decoding bytes never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const result = decodeBacklog(bytes);
      if (!result.ok) expect(result.error.reason).toBe('malformed');
    }),
  );
});

test('encoding throws for a ttl that is not a u64', () => {
  expect(() =>
    encodeBacklog({ uid: '', replyTo: '', module: '', ttl: -1n, asked: [], seals: [], stream: false }),
  ).toThrow('"ttl" expected a u64');
});
