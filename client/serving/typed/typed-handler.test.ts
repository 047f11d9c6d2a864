import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ServiceRequest } from '../durable.ts';
import type { StandardSchema } from './standard-schema.ts';
import { typedHandler } from './typed-handler.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const request = (text: string, schema: string | null = 'application/json'): ServiceRequest => ({
  uid: 'u',
  source: '7',
  command: 'x.y',
  data: new TextEncoder().encode(text),
  tags: null,
  schema,
  expiration: 60,
  now: 0,
  isEncrypted: false,
});
const context = { signal: new AbortController().signal, deadline: new Date(), isStream: false };
const user = z.object({ name: z.string(), ages: z.array(z.number()) });
const response = (text: string) => ({
  kind: 'response',
  data: new TextEncoder().encode(text),
  schema: 'application/json',
});

describe('a handler of values', () => {
  it('gets what its schema makes of the request, and answers in JSON', async () => {
    const handle = typedHandler({ in: z.coerce.number() }, (value) => ({ value }), silent);
    expect(await handle(request('"7"'), context)).toEqual(response('{"value":7}'));
  });

  it('gets any JSON without a schema, and null for no bytes', async () => {
    const handle = typedHandler({}, (value) => value, silent);
    expect(await handle(request('[1]'), context)).toEqual(response('[1]'));
    expect(await handle(request('', null), context)).toEqual(response('null'));
  });

  it('tells its caller the place of each fault, three at most', async () => {
    const handle = typedHandler({ in: user }, () => 1, silent);
    const one = await handle(request('{"name":"a","ages":[1,"2"]}'), context);
    expect(one).toMatchObject({
      kind: 'error',
      code: 101,
      message: expect.stringMatching(/^invalid payload: at ages.1: /),
    });
    const many = await handle(request('{"ages":["1","2","3"]}'), context);
    expect(many).toMatchObject({
      message: expect.stringMatching(/at name: .*; at ages.0: .*; at ages.1: .*; and 1 more$/),
    });
  });

  it.each([
    ['{', 'application/json', 'invalid payload: it is no JSON'],
    ['1', 'text/plain', 'invalid payload: expected JSON, not text/plain'],
  ])('refuses %s as %s', async (text, schema, message) => {
    const handle = typedHandler({}, () => 1, silent);
    expect(await handle(request(text, schema), context)).toEqual({ kind: 'error', code: 101, message });
  });

  it('sends what its schema makes of the value', async () => {
    const handle = typedHandler({ out: z.object({ n: z.number() }) }, () => ({ n: 1, secret: 2 }), silent);
    expect(await handle(request('1'), context)).toEqual(response('{"n":1}'));
  });

  it('sends no value that its schema refuses, and logs the place without the value', async () => {
    const logged: object[] = [];
    const log = { ...silent, warn: (fields: object) => void logged.push(fields) };
    const out: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => ({ issues: [{ message: `${value} is secret`, path: ['a', { key: 0 }] }] }),
      },
    };
    const refused = await typedHandler({ out }, () => 'hunter2', log)(request('1'), context);
    expect(refused).toEqual({ kind: 'error', message: expect.stringContaining('its own schema refuses') });
    expect(logged).toEqual([{ uid: 'u', command: 'x.y', why: 'at a.0' }]);
    expect(JSON.stringify([refused, logged])).not.toContain('hunter2');
    const failing: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => {
          throw new Error(String(value));
        },
      },
    };
    const failed = await typedHandler({ out: failing }, () => 'hunter2', log)(request('1'), context);
    expect(JSON.stringify([failed, logged])).not.toContain('hunter2');
    expect(await typedHandler({}, () => 1n, silent)(request('1'), context)).toMatchObject({ kind: 'error' });
  });

  it('answers an exception with its message', async () => {
    const handle = typedHandler(
      {},
      () => {
        throw new Error('out of order');
      },
      silent,
    );
    expect(await handle(request('1'), context)).toEqual({ kind: 'error', message: 'out of order' });
  });
});
