import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, encodeCall } from '../../proto/chain/json-rpc.ts';
import { Answers } from './answers.ts';

const answer = (fields: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, ...fields });
const outcome = (calls: number, ...texts: string[]) => {
  const answers = new Answers(1, calls);
  for (const text of texts) answers.take(text);
  return answers.outcome;
};

describe('Answers', () => {
  test('returns results in the order of the calls, however they arrive', () => {
    const [a, b] = [answer({ id: 1, result: 'a' }), answer({ id: 2, result: null })];
    expect(outcome(2, b)).toBeUndefined();
    expect(outcome(2, b, a)).toEqual({ ok: true, value: ['a', null] });
    expect(outcome(2, `[${b},${a}]`)).toEqual({ ok: true, value: ['a', null] });
  });

  test('ignores other messages of a node, and an echo of the call', () => {
    expect(outcome(1, answer({ method: 'state_storage', id: undefined, params: {} }), answer({ result: 7 }))).toEqual({
      ok: true,
      value: [7],
    });
    expect(outcome(1, answer({ id: 2, result: 7 }))).toBeUndefined();
    expect(outcome(1, '<html>', '[]', 'null')).toBeUndefined();
  });

  test.each([
    [answer({}), 'its answer is not JSON-RPC'],
    [encodeCall({ method: 'state_getStorage', params: [] }, 1), 'its answer is not JSON-RPC'],
    [answer({ error: { code: -32000, message: 'busy\n\u001b[31m' } }), 'error -32000 busy??[31m'],
    [answer({ error: { code: 'x' } }), 'error'],
    [answer({ id: null, error: { code: -32005, message: 'no batches' } }), 'error -32005 no batches'],
  ])('refuses %s', (text, error) => {
    expect(outcome(1, text)).toEqual({ ok: false, error });
    expect(outcome(2, text, answer({ id: 2, result: 1 }))).toEqual({ ok: false, error });
  });

  test('cuts a long message of a node', () => {
    const said = outcome(1, answer({ error: { code: 1, message: 'x'.repeat(10_000) } }));
    expect(said?.ok === false && said.error.length).toBe('error 1 '.length + 120);
  });

  test('throws for no message', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => outcome(1, text)?.ok !== true));
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (id, result, error) => {
        outcome(1, answer({ id, result, error }));
        bytesOf(result);
      }),
    );
  });
});
