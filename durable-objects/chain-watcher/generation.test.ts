import { expect, it } from 'vitest';
import { generationBlock, generationName } from './generation.ts';

const GENESIS = `0x${'ab'.repeat(32)}`;

it('names the chain and the block of a generation', () => {
  const name = generationName(GENESIS, 77, 1_800_000_000_000);
  expect(name).toBe('abababababababab:77:1800000000000');
  expect(generationBlock(name, GENESIS)).toBe(77);
});

it('knows no block of another chain, or of another text', () => {
  expect(generationBlock(generationName(GENESIS, 77, 1), `0x${'cd'.repeat(32)}`)).toBeUndefined();
  for (const name of ['', '1', 'abababababababab:x:1', 'abababababababab:7']) {
    expect(generationBlock(name, GENESIS)).toBeUndefined();
  }
});
