import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { readBounded } from './bounded-body.ts';

/** A request with a body of these chunks. Records how many were read. */
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

const accept = async () => undefined;
const MIB = 2 ** 20;

/** Returns the size of the body, or why it was not read. */
async function read(
  request: Parameters<typeof readBounded>[0],
  most: number,
  judge: (head: Uint8Array) => Promise<string | undefined> = accept,
) {
  const body = await readBounded(request, most, judge);
  return body.ok ? body.bytes.length : body.reason;
}

describe('a bounded body', () => {
  it('is read up to its bound, in any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 40 }), { maxLength: 8 }), async (sizes) => {
        const total = sizes.reduce((sum, size) => sum + size, 0);
        expect(await read(requestOf(sizes).request, 100)).toBe(total <= 100 ? total : 'too-large');
      }),
    );
  });

  it('is bounded by its bytes, whatever its Content-Length is', async () => {
    expect(await read(requestOf([60, 60], 10).request, 100)).toBe('too-large');
    expect(await read(requestOf([10], 101).request, 100)).toBe('too-large');
  });

  it('is cut if it never ends', async () => {
    const { request, state } = requestOf(Array(100).fill(MIB));
    expect(await read(request, 100)).toBe('too-large');
    expect([state.cancelled, state.read]).toEqual([true, 33]);
  });

  it('is incomplete if the connection breaks', async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
      pull: (controller) => controller.error(new Error('Network connection lost.')),
    });
    expect(await read({ headers: new Headers(), body }, 100)).toBe('cut');
  });

  it('may be empty', async () => {
    expect(await read({ headers: new Headers(), body: null }, 100)).toBe(0);
  });

  it('is judged once by its beginning if it is over 64 KiB', async () => {
    const judged: number[] = [];
    const judge = async (head: Uint8Array) => {
      judged.push(head.length);
      return head.length > 80_000 ? 'no' : undefined;
    };
    expect(await read(requestOf([65_536]).request, MIB, judge)).toBe(65_536);
    expect(await read(requestOf([65_536, 10, 10]).request, MIB, judge)).toBe(65_556);
    expect(await read(requestOf([50_000, 50_000, 10]).request, MIB, judge)).toBe('refused');
    expect(judged).toEqual([65_546, 100_000]);
  });

  it('is refused if it is over 64 KiB while eight others are read', async () => {
    const gate = Promise.withResolvers<undefined>();
    const eight = Array.from({ length: 8 }, () => read(requestOf([70_000]).request, MIB, () => gate.promise));
    await expect.poll(() => read(requestOf([70_000, 10]).request, MIB)).toBe('busy');
    expect(await read(requestOf([60_000]).request, MIB)).toBe(60_000);
    gate.resolve(undefined);
    expect(await Promise.all(eight)).toEqual(Array(8).fill(70_000));
    expect(await read(requestOf([70_000]).request, MIB)).toBe(70_000);
  });

  it('times out after 10 s, and 1 s more for each MiB that arrived', async () => {
    vi.useFakeTimers();
    try {
      const stalled = (first: number) => {
        const body = new ReadableStream<Uint8Array>({ start: (stream) => stream.enqueue(new Uint8Array(first)) });
        return read({ headers: new Headers(), body }, 16 * MIB);
      };
      const ends: string[] = [];
      const bodies = [stalled(1).then(() => ends.push('small')), stalled(2 * MIB).then(() => ends.push('large'))];
      await vi.advanceTimersByTimeAsync(9_999);
      expect(ends).toEqual([]);
      await vi.advanceTimersByTimeAsync(2);
      expect(ends).toEqual(['small']);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(ends).toEqual(['small', 'large']);
      await Promise.all(bodies);
    } finally {
      vi.useRealTimers();
    }
  });
});
