import { describe, expect, it } from 'vitest';
import { Intake } from './intake.ts';

interface Entry {
  readonly name: string;
  readonly size: number;
}

const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A queue that holds `entries`; each claim fails that `isLost` says so for, its entries left over. */
function rig(entries: Entry[], isLost: (claim: number) => boolean = () => false, now?: () => number) {
  const done: string[] = [];
  const inWork: { entry: Entry; end: () => void }[] = [];
  let left: Entry[] = [];
  let claims = 0;
  const idle = Promise.withResolvers<void>();
  const queue = {
    async *claim(most: number) {
      claims += 1;
      const claimed = entries.splice(0, most);
      if (isLost(claims)) {
        left.push(...claimed);
        throw new Error('Redis is away');
      }
      yield* claimed;
      if (claimed.length > 0) return;
      // Nothing more comes: the wait ends with the stop.
      idle.resolve();
      await stopped.promise;
    },
    async *leftovers() {
      const all = left;
      left = [];
      yield* all;
    },
    stop: () => stopped.resolve(),
  };
  const stopped = Promise.withResolvers<void>();
  const process = (entry: Entry) =>
    new Promise<void>((resolve) => {
      inWork.push({
        entry,
        end: () => {
          done.push(entry.name);
          resolve();
        },
      });
    });
  const intake = new Intake<Entry>(queue, process, log, now);
  return { intake, done, inWork, idle: idle.promise, left: (found: Entry[]) => left.push(...found) };
}
const entry = (name: string, size = 1): Entry => ({ name, size });
const names = (all: { entry: Entry }[]) => all.map(({ entry: { name } }) => name);

describe('Intake', () => {
  it('resumes entries of a crash first, and ends when all are processed', async () => {
    const { intake, done, inWork, idle, left } = rig([entry('new')]);
    left([entry('old 1'), entry('old 2')]);
    const running = intake.run();
    await idle;
    expect(names(inWork)).toEqual(['old 1', 'old 2', 'new']);
    intake.stop();
    for (const { end } of inWork) end();
    await running;
    expect(done).toHaveLength(3);
  });

  it('finds entries that were claimed with a lost answer', async () => {
    const { intake, inWork, idle } = rig([entry('a'), entry('b')], (claim) => claim === 1);
    const running = intake.run();
    await idle;
    expect(names(inWork)).toEqual(['a', 'b']);
    intake.stop();
    for (const { end } of inWork) end();
    await running;
  });

  it('starts as many entries in a turn as fit into the time that the rest of the process takes', async () => {
    let [now, started] = [0, 0];
    const clock = { most: 0, isBusy: true };
    const entries = Array.from({ length: 400 }, (_, n) => entry(String(n)));
    const { intake, inWork, idle } = rig(entries, undefined, () => now);
    const busy = () => {
      clock.most = Math.max(clock.most, inWork.length - started);
      started = inWork.length;
      now += 20;
      if (clock.isBusy) setImmediate(busy);
    };
    const push = inWork.push.bind(inWork);
    inWork.push = (...all) => {
      now += 0.5;
      return push(...all);
    };
    setImmediate(busy);
    const running = intake.run();
    await idle;
    clock.isBusy = false;
    // The rest takes 20 ms a turn, an entry half of one.
    expect(clock.most).toBe(40);
    intake.stop();
    for (const { end } of inWork) end();
    await running;
  });

  it('ends with the started entries when Redis hangs, and leaves later ones', async () => {
    const { intake, inWork, idle } = rig([entry('begun')]);
    const away = Promise.withResolvers<Entry[]>();
    const silent = {
      async *claim() {
        yield* await away.promise;
      },
      stop: nothing,
      async *leftovers() {},
    };
    const hanging = new Intake<Entry>(silent, () => Promise.reject(new Error('must not begin')), log);
    const ends = [intake.run(), hanging.run()];
    await idle;
    intake.stop();
    hanging.stop();
    inWork[0]?.end();
    await Promise.all(ends);
    away.resolve([entry('late')]);
  });

  it('limits entries in progress: by number, and by size', async () => {
    const many = rig(Array.from({ length: 3000 }, (_, n) => entry(String(n))));
    const large = rig(Array.from({ length: 10 }, (_, n) => entry(String(n), 2 ** 25)));
    for (const { intake, inWork, idle } of [many, large]) {
      const limit = inWork === many.inWork ? 1024 : 2;
      const running = intake.run();
      await expect.poll(() => inWork.length).toBe(limit);
      let ended = 0;
      const work = (async () => {
        for (;;) {
          const next = inWork[ended];
          if (next === undefined) await new Promise((resolve) => setImmediate(resolve));
          else {
            ended += 1;
            next.end();
            expect(inWork.length - ended).toBeLessThanOrEqual(limit);
          }
          if (ended === (limit === 2 ? 10 : 3000)) return;
        }
      })();
      await work;
      await idle;
      intake.stop();
      await running;
    }
  });
});
