import { expect, it } from 'vitest';
import { type ChainSeen, judgeChain } from './chain-verdict.ts';

const well: ChainSeen = { title: 'TF', genesis: '0xaa', isTfchain: true, head: 7, isMoving: true, ahead: 0 };

it.each<[string, (ChainSeen | string)[], string[]]>([
  ['all well', [well, well], []],
  [
    'the only one down',
    ['it cannot be connected to'],
    ['fail n0 reachable', 'skipped n0 network', 'skipped n0 blocks'],
  ],
  ['one of two down', ['gone', well], ['warn n0 reachable', 'skipped n0 network', 'skipped n0 blocks']],
  ['one that has stalled', [{ ...well, isMoving: false }], ['fail n0 blocks']],
  ['two networks', [well, { ...well, genesis: '0xbb' }], ['fail n1 network']],
  ['no tfchain', [{ ...well, isTfchain: false }], ['fail n0 network']],
  ['no tfchain before one', [{ ...well, genesis: '0xbb', isTfchain: false }, well], ['fail n0 network']],
])('judgeChain: %s', (_, chains, expected) => {
  const lines = judgeChain(chains.map((chain, n) => ({ name: `n${n}`, chain })));
  const bad = lines.filter(({ state }) => state !== 'ok');
  expect(bad.map(({ state, part, what }) => `${state} ${part.replace('chain ', '')} ${what}`)).toEqual(expected);
  for (const { state, next } of bad) expect(next === undefined).toBe(state === 'skipped');
});
