import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { getStorageCall, isOurAnswer, storageOf } from './json-rpc.ts';

const answer = (fields: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, ...fields });

describe('storageOf', () => {
  test('a value is bytes, and nothing stored is undefined', () => {
    expect(storageOf(answer({ result: '0x00fF' }))).toEqual({ ok: true, value: new Uint8Array([0, 255]) });
    expect(storageOf(answer({ result: null }))).toEqual({ ok: true, value: undefined });
  });

  test.each([
    ['<html>', 'its answer is not JSON-RPC'],
    ['[]', 'its answer is not JSON-RPC'],
    [JSON.stringify({ id: 2, result: '0x' }), 'its answer is not JSON-RPC'],
    [answer({}), 'its result is not 0x hex'],
    [answer({ result: '0x0' }), 'its result is not 0x hex'],
    [answer({ result: 7 }), 'its result is not 0x hex'],
    [answer({ error: { code: -32000, message: 'busy\n\u001b[31m' } }), 'error -32000 busy??[31m'],
    [answer({ error: { code: 'x' } }), 'error NaN'],
  ])('%s is refused', (text, error) => {
    expect(storageOf(text)).toEqual({ ok: false, error });
  });

  test('a long message of a node is cut', () => {
    const said = storageOf(answer({ error: { code: 1, message: 'x'.repeat(10_000) } }));
    expect(!said.ok && said.error.length).toBe('error 1 '.length + 120);
  });

  test('nothing a node may say throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof storageOf(text).ok === 'boolean'));
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (result, error) => {
        return typeof storageOf(answer({ result, error })).ok === 'boolean';
      }),
    );
  });
});

test('an answer is told from what a node sends besides', () => {
  expect(isOurAnswer(answer({ result: null }))).toBe(true);
  expect(isOurAnswer(JSON.stringify({ jsonrpc: '2.0', method: 'state_storage', params: {} }))).toBe(false);
  expect(isOurAnswer(getStorageCall('0x00'))).toBe(true); // an echo: refused by storageOf
  expect(storageOf(getStorageCall('0x00')).ok).toBe(false);
});
