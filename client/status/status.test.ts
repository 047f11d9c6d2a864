import { describe, expect, it } from 'vitest';
import { Status } from './status.ts';
import type { StatusEvent } from './status-event.ts';

const relay = (isUp: boolean, name = 'a'): StatusEvent => ({
  type: 'relay',
  relay: name,
  isUp,
  custody: isUp,
  detail: isUp ? '' : 'lost',
});
const buffer = (isFull: boolean): StatusEvent => ({ type: 'buffer', isFull });

/** Reads so many events. */
async function take(reader: AsyncIterator<StatusEvent>, count: number): Promise<StatusEvent[]> {
  const taken: StatusEvent[] = [];
  while (taken.length < count) {
    const { done, value } = await reader.next();
    if (done === true) throw new Error('the events ended');
    taken.push(value);
  }
  return taken;
}

describe('Status', () => {
  it('gives a reader the state of each part, then each change', async () => {
    const status = new Status();
    status.set(relay(false));
    status.set(relay(true));
    status.set(buffer(false));
    const reader = status.read();
    expect(await take(reader, 2)).toEqual([relay(true), buffer(false)]);
    const next = reader.next();
    status.set(relay(false));
    expect(await next).toEqual({ done: false, value: relay(false) });
  });

  it('drops what is no news', async () => {
    const status = new Status();
    const reader = status.read();
    const next = reader.next();
    status.set(buffer(false));
    await next;
    status.set(buffer(false));
    status.set(buffer(true));
    expect(await take(reader, 1)).toEqual([buffer(true)]);
  });

  it('keeps the latest event of each part for a slow reader, in the order in which they happened', async () => {
    const status = new Status();
    status.set(buffer(false));
    const reader = status.read();
    await take(reader, 1);
    for (let n = 0; n < 100_000; n += 1) {
      status.set(relay(n % 2 === 0, 'a'));
      status.set(buffer(n % 2 === 0));
      status.set(relay(n % 2 === 1, 'b'));
    }
    status.set(relay(true, 'a'));
    status.end();
    const left: StatusEvent[] = [];
    for await (const event of reader) left.push(event);
    expect(left).toEqual([buffer(false), relay(true, 'b'), relay(true, 'a')]);
  });

  it('ends its readers, those that wait and those that come later', async () => {
    const status = new Status();
    const reader = status.read();
    const waiting = reader.next();
    status.end();
    expect((await waiting).done).toBe(true);
    expect((await status.read().next()).done).toBe(true);
  });

  it('forgets a reader that leaves, also one that waits at this moment', async () => {
    const status = new Status();
    status.set(relay(true));
    const reader = status.read();
    await take(reader, 1);
    const waiting = reader.next();
    await reader.return?.();
    status.set(relay(false));
    expect([(await waiting).done, (await reader.next()).done]).toEqual([true, true]);
  });
});
