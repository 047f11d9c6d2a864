import { describe, expect, it } from 'vitest';
import { statusLine } from './http.ts';

const line = (body: string) => statusLine({ status: 401, body }, 'twin not found 9');

describe('statusLine', () => {
  it('has status and body, as the Rust relay answers', () => {
    expect(line('twin not found 9')).toBe('401 twin not found 9');
    expect(line('')).toBe('401');
  });

  it('names JSON whose message contains the text of the reference', () => {
    const json = (message: string) => JSON.stringify({ error: { code: 'unknown-twin', message } });
    expect(line(json('twin not found 9'))).toBe('401 in JSON');
    expect(line(json('twin not found 9: create it first'))).toBe('401 in JSON');
    expect(line(json('no'))).toBe(`401 ${json('no')}`);
    expect(line('{"error":"twin not found 9"}')).toBe('401 {"error":"twin not found 9"}');
  });
});
