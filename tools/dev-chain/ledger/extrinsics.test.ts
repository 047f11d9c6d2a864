import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildMetadata } from '../metadata/metadata.ts';
import { readRuntime } from '../metadata/runtime.ts';
import { type Context, openExtrinsic } from './extrinsics.ts';

const { registry } = readRuntime(buildMetadata());
const context: Context = {
  genesis: `0x${'00'.repeat(32)}`,
  nextBlock: 5,
  specVersion: 1,
  transactionVersion: 1,
  blockHash: () => undefined,
};

describe('openExtrinsic', () => {
  it('refuses everything but a signed extrinsic, and never throws', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((value) => `0x${Buffer.from(value).toString('hex')}`);
    // Version 4, signed, by account 0x11…, a signature of nothing, any era, nonce, tip and call.
    const scheme = fc.constantFrom('00', '01', '02');
    const extra = fc.uint8Array({ maxLength: 20 });
    const update = fc.constant(Buffer.from('19120000', 'hex'));
    const call = fc.oneof(update, fc.uint8Array({ maxLength: 60 }));
    const forged = fc
      .tuple(scheme, fc.oneof(fc.constant(new Uint8Array(3)), extra), call)
      .map(([type, extra, call]) => {
        const body = Buffer.concat([
          Buffer.from(`8400${'11'.repeat(32)}${type}${'22'.repeat(64)}`, 'hex'),
          extra,
          call,
        ]);
        const length = Buffer.from([((body.length << 2) | 1) & 255, body.length >> 6]);
        return `0x${Buffer.concat([length, body]).toString('hex')}`;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, forged, fc.string()), async (hex) => {
        expect((await openExtrinsic(registry, hex, context)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
