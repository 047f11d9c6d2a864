import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answer, CODE, RpcError } from './json-rpc.ts';

const reply = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number(), z.null()]),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.string().optional() }).optional(),
});
const replies = z.union([reply, z.array(reply)]);

const call = async (method: string, params: readonly unknown[]) => {
  if (method === 'echo') return params;
  if (method === 'number') return z.number().parse(params[0]);
  if (method === 'broken') throw new TypeError('a bug');
  throw new RpcError(CODE.unknownMethod, 'Method not found', method);
};
const ask = async (message: unknown) => replies.parse(JSON.parse(await answer(JSON.stringify(message), call)));
const request = (method: string, params: unknown = []) => ({ jsonrpc: '2.0', id: 1, method, params });

describe('answer', () => {
  it('answers any text with one well-formed message, and never throws', async () => {
    const almost = fc.record(
      {
        jsonrpc: fc.oneof(fc.constant('2.0'), fc.jsonValue()),
        id: fc.jsonValue(),
        method: fc.oneof(fc.constantFrom('echo', 'number', 'broken', '__proto__'), fc.jsonValue()),
        params: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      almost.map((value) => JSON.stringify(value)),
      fc.array(almost, { maxLength: 5 }).map((value) => JSON.stringify(value)),
      fc.nat(100_000).map((depth) => '['.repeat(depth)),
    );
    await fc.assert(
      fc.asyncProperty(text, async (input) => {
        const found = replies.parse(JSON.parse(await answer(input, call)));
        for (const each of [found].flat()) expect('result' in each).toBe(each.error === undefined);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the ids and the order of a batch', async () => {
    const batch = [{ ...request('echo', [1]), id: 'a' }, 5, { ...request('nothing'), id: 2 }];
    expect(await ask(batch)).toMatchObject([
      { id: 'a', result: [1] },
      { id: null, error: { code: CODE.request } },
      { id: 2, error: { code: CODE.unknownMethod, data: 'nothing' } },
    ]);
  });

  it('takes a batch of 1 to 100 calls', async () => {
    expect(await ask(Array(100).fill(request('echo')))).toHaveLength(100);
    for (const size of [0, 101]) {
      expect(await ask(Array(size).fill(request('echo')))).toMatchObject({ id: null, error: { code: CODE.request } });
    }
  });

  it('names the fault: the parameters, the method or the program', async () => {
    expect(await ask(request('number', ['x']))).toMatchObject({ error: { code: CODE.params, data: 'number' } });
    expect(await ask(request('number', { 0: 1 }))).toMatchObject({ error: { code: CODE.request } });
    expect(await ask(request('broken'))).toMatchObject({
      id: 1,
      error: { code: CODE.internal, data: 'TypeError: a bug' },
    });
  });
});
