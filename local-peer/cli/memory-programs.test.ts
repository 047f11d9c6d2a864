import { describe, expect, it } from 'vitest';
import type { CommandEntry } from '../messages.ts';
import { MemoryPrograms } from './memory-programs.ts';

const entry = (uid: string): CommandEntry => ({
  uid,
  source: '6',
  command: 'my.cmd',
  expiration: 60,
  data: new Uint8Array(0),
  tags: null,
  schema: null,
  now: 100,
});

describe('a service in this process', () => {
  it('gets a request of a twin once, and each without a uid', async () => {
    const taken: string[] = [];
    const programs = new MemoryPrograms(
      ({ uid }, twin) => taken.push(`${twin}/${uid}`) > 0,
      () => 0,
    );
    const deliver = (uid: string, twin: number) => programs.deliverCommand(entry(uid), twin, 60);
    const long = 'x'.repeat(200_000);
    expect([await deliver(long, 6), await deliver(`${long}y`, 6), await deliver(long, 6)]).toEqual([
      'delivered',
      'delivered',
      'repeated',
    ]);
    taken.length = 0;
    expect([await deliver('u', 6), await deliver('u', 6), await deliver('u', 7)]).toEqual([
      'delivered',
      'repeated',
      'delivered',
    ]);
    expect([await deliver('', 6), await deliver('', 6)]).toEqual(['delivered', 'delivered']);
    expect(taken).toEqual(['6/u', '7/u', '6/', '6/']);
  });

  it('gets a request later that it had no room for', async () => {
    let hasRoom = false;
    const programs = new MemoryPrograms(
      () => hasRoom,
      () => 0,
    );
    expect(await programs.deliverCommand(entry('u'), 6, 60)).toBe('full');
    hasRoom = true;
    expect(await programs.deliverCommand(entry('u'), 6, 60)).toBe('delivered');
  });

  it('gets a request that a plugin saw and left alone', async () => {
    const programs = new MemoryPrograms(
      () => true,
      () => 0,
    );
    expect([await programs.isFirst(6, 'u', 60), await programs.isFirst(6, 'u', 60)]).toEqual([true, false]);
    expect(await programs.deliverCommand(entry('u'), 6, 60)).toBe('delivered');
  });
});
