import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FollowRequest } from '../../durable-objects/contract.ts';
import type { EventTable } from '../../proto/chain/event-table.ts';
import type { RpcCall } from '../../proto/chain/json-rpc.ts';
import { ok } from '../../proto/result.ts';
import { readBlocks } from './read-blocks.ts';

const hashOf = (number: number) => `0x${number.toString(16).padStart(64, '0')}`;
const numberOf = (hash: unknown) => Number.parseInt(String(hash).slice(2), 16);

/** A runtime whose only event is: pallet 1, event 0, with a twin of one u32. */
const TABLE: EventTable = {
  shapes: [0, { one: { 1: [2] } }, { one: { 0: [3], 1: [3] } }, 4],
  record: { phase: 0, event: 1, topics: 0 },
  twins: { pallet: 1, stored: 0, updated: 1 },
};
/** The events of a block that updated this twin. */
const updated = (twin: number) => `0x04${'01'}${'01'}${Buffer.from(Uint32Array.of(twin).buffer).toString('hex')}`;

/** Reads from a node with this head, whose block n updated twin n. Records how many calls went together. */
async function read(head: number, request: FollowRequest, isPlausible = true) {
  const batches: number[] = [];
  const runtimes: string[] = [];
  const result = ({ method, params: [first, second] }: RpcCall): unknown => {
    if (method === 'chain_getHeader') return { number: `0x${head.toString(16)}`, parentHash: hashOf(head - 1) };
    if (method === 'chain_getBlockHash' && Array.isArray(first)) return first.map(hashOf);
    if (method === 'state_getRuntimeVersion') {
      runtimes.push(String(first));
      return { specVersion: 1 };
    }
    return updated(numberOf(second));
  };
  const ask = async (calls: readonly RpcCall[]) => {
    batches.push(calls.length);
    return ok(calls.map(result));
  };
  const step = await readBlocks(
    ask,
    request,
    async () => ok(TABLE),
    async () => isPlausible,
  );
  return { step, batches, runtimes };
}

const since = (number: number, most = 50): FollowRequest => ({
  since: { number, hash: hashOf(number) },
  genesis: hashOf(0),
  most,
});

describe('readBlocks', () => {
  test('returns the twins of each block since the last one, at most the wanted number of blocks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 20, max: 1000 }),
        fc.nat(80),
        fc.integer({ min: 1, max: 60 }),
        async (last, missed, most) => {
          const { step } = await read(last + missed, since(last, most));
          const blocks = Math.min(missed, most);
          expect(step).toMatchObject({
            ok: true,
            value: {
              kind: 'blocks',
              head: last + missed,
              through: { number: last + blocks, hash: hashOf(last + blocks) },
              changes: Array.from({ length: blocks }, (_, n) => ({
                twin: last + 1 + n,
                kind: 'updated',
                block: last + 1 + n,
              })),
            },
          });
        },
      ),
    );
  });

  test('reads the events of ten blocks together, by the runtimes of their parents', async () => {
    const { batches, runtimes } = await read(125, since(100));
    expect(batches).toEqual([2, 1, 20, 20, 10]);
    expect(runtimes).toEqual(Array.from({ length: 25 }, (_, n) => hashOf(100 + n)));
  });

  test('reads no events for a request without a last block', async () => {
    const { step, batches } = await read(125, { most: 50 });
    expect(step).toMatchObject({ ok: true, value: { through: { number: 125 }, changes: [] } });
    expect(batches).toEqual([2, 1]);
  });

  test('leaves a node with an implausible head before it reads blocks', async () => {
    const { step, batches } = await read(125, since(100), false);
    expect([step, batches]).toEqual([{ ok: false, error: { fault: 'its head 125 is not plausible' } }, [2]]);
  });
});
