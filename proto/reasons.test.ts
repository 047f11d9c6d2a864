import { describe, expect, it } from 'vitest';
import { refusalText } from './reasons.ts';

describe('refusalText', () => {
  // Programs compare these: they are the Rust relay's, letter by letter.
  it.each([
    ['wrong-source', 'message wrong source'],
    ['missing-destination', 'message with missing destination'],
    ['unknown-twin', 'unknown twin destination'],
    ['no-relay', 'relay info is not set for this twin'],
    ['offline', 'destination offline'],
    ['expired', 'message has expired'],
    ['rejected', 'remote relay rejected permanently: destination offline'],
  ] as const)('of %s is %j', (reason, text) => {
    expect(refusalText(reason)).toBe(text);
  });
});
