import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBounded } from './bounded-body.ts';

/** A request whose body comes in these chunks; how many were read. */
function requestOf(sizes: readonly number[], contentLength?: number) {
  const state = { read: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const size = sizes[state.read];
        if (size === undefined) return controller.close();
        controller.enqueue(new Uint8Array(size).fill(state.read));
        state.read += 1;
      },
      cancel: () => {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const headers = new Headers(contentLength === undefined ? {} : { 'content-length': String(contentLength) });
  return { request: { headers, body }, state };
}

describe('a bounded body', () => {
  it('is read whole up to its bound, in whatever chunks, and not beyond', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 40 }), { maxLength: 8 }), async (sizes) => {
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const body = await readBounded(requestOf(sizes).request, 100);
        expect(body?.length).toBe(total <= 100 ? total : undefined);
      }),
    );
  });

  it('is counted whatever its Content-Length says', async () => {
    expect(await readBounded(requestOf([60, 60], 10).request, 100)).toBeUndefined();
    expect(await readBounded(requestOf([10], 101).request, 100)).toBeUndefined();
  });

  it('that never ends is cut', async () => {
    const { request, state } = requestOf(Array(100).fill(2 ** 20));
    expect(await readBounded(request, 100)).toBeUndefined();
    expect([state.cancelled, state.read]).toEqual([true, 33]);
  });

  it('whose sender is lost before its end is cut', async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
      pull: (controller) => controller.error(new Error('Network connection lost.')),
    });
    expect(await readBounded({ headers: new Headers(), body }, 100)).toBe('cut');
  });

  it('may be none', async () => {
    expect(await readBounded({ headers: new Headers(), body: null }, 100)).toEqual(new Uint8Array(0));
  });
});
