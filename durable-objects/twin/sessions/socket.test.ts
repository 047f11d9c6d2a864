import { describe, expect, it } from 'vitest';
import { tagOf } from './socket.ts';

describe('tagOf', () => {
  it('differs for every sid, within the platform’s 256 characters', () => {
    const tags = [undefined, '', 'n', 's', 'x'.repeat(1024), '\u{1f600}'.repeat(256)].map(tagOf);
    expect(new Set(tags).size).toBe(tags.length);
    for (const tag of tags) expect(tag.length).toBeLessThanOrEqual(256);
  });
});
