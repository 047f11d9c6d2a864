import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FramesInWork } from './frames.ts';

function rig(most: number, mostBytes = 1) {
  const ends: (() => void)[] = [];
  const frames = new FramesInWork(() => new Promise<void>((resolve) => ends.push(resolve)), most, mostBytes);
  const source = {
    isPaused: false,
    pause() {
      this.isPaused = true;
    },
    resume() {
      this.isPaused = false;
    },
  };
  frames.attach(source);
  return { ends, frames, source };
}
const frame = new Uint8Array(0);

describe('FramesInWork', () => {
  it('stops reading at the limit, and reads again at half of it', async () => {
    const { ends, frames, source } = rig(4);
    for (let n = 0; n < 4; n += 1) frames.take(frame);
    expect(source.isPaused).toBe(true);
    const seen: boolean[] = [];
    while (ends.length > 0) {
      ends.pop()?.();
      await Promise.resolve();
      seen.push(source.isPaused);
    }
    expect(seen).toEqual([true, true, false, false]);
  });

  it('stops reading at the limit of bytes, with few frames, too', async () => {
    const { ends, frames, source } = rig(4, 100);
    frames.take(new Uint8Array(60));
    expect(source.isPaused).toBe(false);
    frames.take(new Uint8Array(60));
    expect(source.isPaused).toBe(true);
    ends.pop()?.();
    await Promise.resolve();
    expect(source.isPaused).toBe(true);
    ends.pop()?.();
    await frames.done();
    expect(source.isPaused).toBe(false);
  });

  it('is done when every frame that was read is, and stays paused with little to do', async () => {
    const { ends, frames, source } = rig(4);
    frames.take(frame);
    frames.pause();
    const done = frames.done();
    expect(source.isPaused).toBe(true);
    ends.pop()?.();
    await done;
    expect(source.isPaused).toBe(true);
    frames.resume();
    expect(source.isPaused).toBe(false);
    await frames.done();
  });

  it('never leaves a source paused with nothing to do, whatever comes and goes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 200 }),
        fc.integer({ min: 1, max: 8 }),
        async (steps, most) => {
          const { ends, frames, source } = rig(most);
          for (const isFrame of steps) {
            if (!isFrame) ends.pop()?.();
            else if (!source.isPaused) frames.take(frame);
            await Promise.resolve();
            expect(ends.length).toBeLessThanOrEqual(most);
          }
          for (const end of ends) end();
          await frames.done();
          expect(source.isPaused).toBe(false);
        },
      ),
    );
  });
});
