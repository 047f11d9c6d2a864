import fc from 'fast-check';
import { expect, test } from 'vitest';
import { open, seal } from './cipher.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('a cipher opens only with its key', async () => {
  await fc.assert(
    fc.asyncProperty(key, key, fc.uint8Array(), async (one, other, plain) => {
      const cipher = await seal(one, plain);
      expect(await open(one, cipher)).toEqual({ ok: true, value: plain });
      if (Buffer.compare(one, other) !== 0) expect((await open(other, cipher)).ok).toBe(false);
    }),
  );
});

test('other bytes are refused, without an exception', async () => {
  await fc.assert(
    fc.asyncProperty(key, fc.uint8Array(), async (one, bytes) => {
      expect(await open(one, bytes)).toEqual({ ok: false, error: { reason: 'cipher' } });
    }),
  );
});

test('the same text is sealed differently each time', async () => {
  const one = new Uint8Array(32);
  expect(await seal(one, new Uint8Array(8))).not.toEqual(await seal(one, new Uint8Array(8)));
});

test('a key of another length throws', async () => {
  await expect(seal(new Uint8Array(16), new Uint8Array())).rejects.toThrow('"key" expected 32 bytes, got 16');
  await expect(open(new Uint8Array(33), new Uint8Array(40))).rejects.toThrow('"key" expected 32 bytes, got 33');
});
