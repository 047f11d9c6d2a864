import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, messagesOf } from './json-rpc.ts';

describe('messagesOf', () => {
  test('tells answers, refusals and notifications apart', () => {
    const notice = {
      jsonrpc: '2.0',
      method: 'chain_newHead',
      params: { subscription: 'x', result: { number: '0x1' } },
    };
    const texts = [{ id: 1, result: 7 }, { id: 2, error: { code: 1 } }, { id: null, error: { code: 2 } }, notice, 'x'];
    expect(messagesOf(JSON.stringify(texts))).toEqual([
      { kind: 'answer', id: 1, outcome: { ok: true, value: 7 } },
      { kind: 'answer', id: 2, outcome: { ok: false, error: 'error 1' } },
      { kind: 'refusal', fault: 'error 2' },
      { kind: 'notice', method: 'chain_newHead', result: { number: '0x1' } },
    ]);
  });

  test('throws for no message', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => Array.isArray(messagesOf(text))));
  });

  test('accepts an error with a code that is no number', () => {
    // This object cannot be converted to a number or a text.
    const code = { toString: 1, valueOf: 1 };
    expect(messagesOf(JSON.stringify({ id: 3, error: { code, message: 'no' } }))).toEqual([
      { kind: 'answer', id: 3, outcome: { ok: false, error: 'error no' } },
    ]);
  });
});

describe('bytesOf', () => {
  test('returns bytes, or undefined if nothing is stored', () => {
    expect(bytesOf('0x00fF')).toEqual({ ok: true, value: new Uint8Array([0, 255]) });
    expect(bytesOf(null)).toEqual({ ok: true, value: undefined });
  });

  test.each(['0x0', '00', 'xyz', 7, {}, undefined])('refuses %j', (result) => {
    expect(bytesOf(result)).toEqual({ ok: false, error: 'its result is not 0x hex' });
  });
});
