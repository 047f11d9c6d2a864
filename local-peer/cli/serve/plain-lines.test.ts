import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainIndented } from '../plain.ts';
import { PlainLines } from './plain-lines.ts';

const linesOf = (chunks: readonly Uint8Array[]) => {
  const printed: string[] = [];
  const lines = new PlainLines((line) => printed.push(line));
  for (const chunk of chunks) lines.push(chunk);
  lines.end();
  return { printed, last: lines.last };
};

it('prints the same lines however their bytes arrive', () => {
  // Any bytes: a character may be cut in two, or be none.
  const lineOfBytes = fc.uint8Array({ maxLength: 20 });
  fc.assert(
    fc.property(fc.array(lineOfBytes, { maxLength: 5 }), fc.integer({ min: 1, max: 7 }), (parts, size) => {
      const bytes = Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1).map(plainIndented);
      return linesOf(chunks).printed.join('\n') === lines.join('\n');
    }),
  );
});

it('shows a line without end in parts, and keeps no more of it', () => {
  const { printed } = linesOf(Array.from({ length: 5 }, () => Buffer.alloc(5000, 'x')));
  expect(printed.map(({ length }) => length)).toEqual([8192, 8192, 8192, 424]);
});

it('knows the last line that says something', () => {
  expect(linesOf([Buffer.from('first\n  last \u001b[31mone\n\n  \n')]).last).toBe('last  [31mone');
});
