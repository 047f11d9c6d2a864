import { expect, it } from 'vitest';
import { Room } from './room.ts';

const later = () => performance.now() + 60_000;

function rig(free: number) {
  const state = { free };
  const entered: string[] = [];
  const room = new Room((bytes) => bytes <= state.free);
  const enter = (name: string, bytes: number, deadline = later()) =>
    room.enter(bytes, deadline, () => {
      state.free -= bytes;
      entered.push(name);
    });
  return { state, entered, room, enter };
}

it('lets senders in as there is room, in the order in which they came', async () => {
  const { state, entered, room, enter } = rig(1);
  const all = [enter('a', 1), enter('b', 2), enter('c', 1)];
  expect([entered, room.isAwaited]).toEqual([['a'], true]);
  state.free = 1;
  room.look();
  expect(entered).toEqual(['a']);
  state.free = 3;
  room.look();
  expect(await Promise.all(all)).toEqual(['entered', 'entered', 'entered']);
  expect([entered, room.isAwaited]).toEqual([['a', 'b', 'c'], false]);
});

it('lets a smaller one in when the one before it gives up', async () => {
  const { entered, enter } = rig(1);
  const large = enter('large', 2, performance.now() + 5);
  const small = enter('small', 1);
  expect([await large, await small, entered]).toEqual(['late', 'entered', ['small']]);
});

it('lets nobody in after its end', async () => {
  const { room, enter } = rig(0);
  const waiting = enter('a', 1);
  room.close();
  expect([await waiting, await enter('b', 0)]).toEqual(['closed', 'closed']);
});
