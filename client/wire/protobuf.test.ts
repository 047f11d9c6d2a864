import { build } from 'esbuild';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as library from '../../proto/envelope/envelope-codec.ts';
import { anyEnvelope } from '../../test/rig/envelopes/any-envelope.ts';
import { protobufOfPages } from '../../tools/build/client-bundle.ts';

/** The codec on this runtime, as the package has it. */
let here: typeof library;
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['proto/envelope/envelope-codec.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    plugins: [protobufOfPages],
  });
  const text = outputFiles[0]?.text ?? '';
  expect(text).not.toContain('protobufjs/src');
  here = await import(`data:text/javascript,${encodeURIComponent(text)}`);
});

describe('the codec on the runtime of pages', () => {
  it('writes the bytes that the library writes, and reads them', () => {
    fc.assert(
      fc.property(anyEnvelope, (envelope) => {
        const bytes = library.encodeEnvelope(envelope);
        expect(here.encodeEnvelope(envelope)).toEqual(bytes);
        expect(here.decodeEnvelope(bytes)).toEqual({ ok: true, value: envelope });
      }),
    );
  });

  it('judges bytes as the library does, with the same words', () => {
    const part = fc.oneof(
      fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 12 })).map(([tag, rest]) => [tag, rest.length, ...rest]),
      fc.tuple(fc.nat(255), fc.bigInt({ min: 0n, max: 2n ** 72n })).map(([tag, value]) => [tag, ...varint(value)]),
      // Groups, and forms that there are not.
      fc.constantFrom([0x1b, 0x1c], [0x1b, 0x24], [0x1b], [0x1c], [0x1e], [0x03, 0x04], [0x1b, 0x00, 0x1c]),
      fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => [...bytes]),
    );
    const likely = fc.array(part, { maxLength: 6 }).map((parts) => Uint8Array.from(parts.flat()));
    fc.assert(
      fc.property(likely, (bytes) => {
        expect(here.decodeEnvelope(bytes)).toEqual(library.decodeEnvelope(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('judges a changed or cut envelope as the library does', () => {
    fc.assert(
      fc.property(anyEnvelope, fc.nat(), fc.nat(255), fc.nat(), (envelope, at, byte, cut) => {
        const whole = library.encodeEnvelope(envelope);
        const bytes = whole.with(at % whole.length, byte).subarray(0, 1 + (cut % whole.length));
        expect(here.decodeEnvelope(bytes)).toEqual(library.decodeEnvelope(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses groups in each other as the library does', () => {
    for (const depth of [99, 100, 101, 102]) {
      const bytes = Uint8Array.from([...Array(depth).fill(0x1b), ...Array(depth).fill(0x1c)]);
      expect(here.decodeEnvelope(bytes)).toEqual(library.decodeEnvelope(bytes));
    }
  });
});

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}
