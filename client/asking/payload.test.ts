import { describe, expect, it } from 'vitest';
import { bytesWithSchema, isJson, jsonBytes, parsedJson, valueIn } from './payload.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const response = (text: string, schema?: string) => ({ source: '7:s', data: bytes(text), schema });

describe('jsonBytes', () => {
  it('writes a value, and null for none', () => {
    expect(jsonBytes({ name: 'ü' })).toEqual(bytes('{"name":"ü"}'));
    expect(jsonBytes(undefined)).toEqual(bytes('null'));
  });

  it('refuses what JSON cannot express, and bytes', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [1n, circle, new Uint8Array(1), new ArrayBuffer(1)]) {
      expect(() => jsonBytes(value)).toThrow(expect.objectContaining({ code: 'invalid' }));
    }
  });
});

describe('bytesWithSchema', () => {
  it('takes bytes, text and nothing', () => {
    expect([bytesWithSchema(bytes('x')), bytesWithSchema('x'), bytesWithSchema(undefined)]).toEqual([
      bytes('x'),
      bytes('x'),
      bytes(''),
    ]);
    expect(() => bytesWithSchema({})).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('isJson', () => {
  it('knows the media type with its parameters', () => {
    expect(['application/json', 'Application/JSON; charset=utf-8'].map(isJson)).toEqual([true, true]);
    expect(['application/json-seq', 'text/plain', ''].map(isJson)).toEqual([false, false, false]);
  });
});

describe('valueIn', () => {
  it('is the value of JSON, of a response without a media type, too', () => {
    expect(valueIn(response('[1]', 'application/json'), 'x', 7)).toEqual([1]);
    expect(valueIn(response('"a"'), 'x', 7)).toBe('a');
    expect(valueIn(response('', 'application/json'), 'x', 7)).toBeNull();
  });

  it('is the bytes of another media type', () => {
    expect(valueIn(response('1', 'text/plain'), 'x', 7)).toEqual(bytes('1'));
  });

  it('fails when JSON is promised and does not come, and says what to do', () => {
    expect(() => valueIn(response('oops', 'application/json'), 'my.command', 7)).toThrow(
      expect.objectContaining({
        code: 'invalid-reply',
        twin: 7,
        message:
          "twin 7:s replied to 'my.command', but its 4 bytes are no JSON: call with a `schema` to get them as they are",
      }),
    );
    expect(() => parsedJson(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(TypeError);
  });
});
