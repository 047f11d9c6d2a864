import { describe, expect, it } from 'vitest';
import { buildMetadata } from '../metadata/metadata.ts';
import { readRuntime } from '../metadata/runtime.ts';
import { Blocks, REMEMBERED } from './blocks.ts';
import { State } from './state.ts';

const { registry } = readRuntime(buildMetadata());
const stateOf = (value: number) => new State().with([['0x01', Uint8Array.of(value)]]);

describe('Blocks', () => {
  it('links each block to its parent', () => {
    const blocks = new Blocks(registry);
    const genesis = blocks.append(undefined, [], stateOf(10));
    const child = blocks.append(genesis, [], stateOf(11));
    expect([genesis.number, child.number]).toEqual([0, 1]);
    expect(child.header).toMatchObject({ parentHash: genesis.hash, number: '0x1' });
    expect([blocks.hashOf(0), blocks.hashOf(1), blocks.hashOf(2)]).toEqual([genesis.hash, child.hash, undefined]);
    expect(blocks.get(child.hash)).toBe(child);
  });

  it('gives equal states the same hash, and different states different hashes', () => {
    const hashOf = (value: number) => new Blocks(registry).append(undefined, [], stateOf(value)).hash;
    expect(hashOf(10)).toBe(hashOf(10));
    expect(hashOf(10)).not.toBe(hashOf(11));
  });

  it('forgets the state of old blocks, and keeps their hashes', () => {
    const blocks = new Blocks(registry);
    const genesis = blocks.append(undefined, [], stateOf(10));
    const second = blocks.append(genesis, [], stateOf(11));
    let head = second;
    while (head.number <= REMEMBERED) head = blocks.append(head, [], head.state.with([]));
    expect(blocks.get(second.hash)).toBeUndefined();
    expect(blocks.hashOf(1)).toBe(second.hash);
    expect(blocks.get(head.hash)).toBe(head);
  });

  it('replaces a state under the same hash', () => {
    const blocks = new Blocks(registry);
    const block = blocks.append(undefined, [], stateOf(10));
    const amended = blocks.amend(block, stateOf(12));
    expect(amended.hash).toBe(block.hash);
    expect(blocks.get(block.hash)?.state.get('0x01')).toBe('0x0c');
  });
});
