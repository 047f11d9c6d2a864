import { expect, it } from 'vitest';
import { type HandOutCounts, HandOuts } from './hand-outs.ts';

function rig() {
  const state = { row: undefined as HandOutCounts | undefined, writes: 0 };
  const wake = () =>
    new HandOuts({
      read: () => state.row,
      write: (row) => {
        state.row = row;
        state.writes += 1;
      },
    });
  return { state, wake };
}

it('a mailbox is suspect after it was handed out in vain three times, also across crashes', () => {
  const { wake } = rig();
  const seen = [1, 2, 3].map(() => {
    wake().inVain(undefined);
    return [wake().isSuspect(undefined), wake().isSuspect('')];
  });
  expect(seen).toEqual([
    [false, false],
    [false, false],
    [true, false],
  ]);
});

it('a client that is heard is no longer suspect, and an unknown one costs no row', () => {
  const { wake, state } = rig();
  const handOuts = wake();
  handOuts.heard('x');
  expect([handOuts.isSuspect('x'), state.writes]).toEqual([false, 0]);
  for (let times = 0; times < 3; times += 1) handOuts.inVain('x');
  handOuts.heard('x');
  expect([wake().isSuspect('x'), state.row]).toEqual([false, undefined]);
});

it('the latest 256 sessions are remembered', () => {
  const { wake } = rig();
  const handOuts = wake();
  for (let times = 0; times < 3; times += 1) handOuts.inVain('first');
  for (let n = 0; n < 255; n += 1) handOuts.inVain(`${n}`);
  expect(handOuts.isSuspect('first')).toBe(true);
  handOuts.inVain('one more');
  expect(handOuts.isSuspect('first')).toBe(false);
});
