import { describe, expect, it } from 'vitest';
import { reasonText, secondsOf } from './reasons.ts';

describe('reasonText', () => {
  // Programs compare these texts with those of the Rust relay.
  it.each([
    ['wrong-source', 'message wrong source'],
    ['missing-destination', 'message with missing destination'],
    ['unknown-twin', 'unknown twin destination'],
    ['no-relay', 'relay info is not set for this twin'],
    ['offline', 'destination offline'],
    ['expired', 'message has expired'],
    ['rejected', 'remote relay rejected permanently: destination offline'],
  ] as const)('is for %s %j', (reason, text) => {
    expect(reasonText(reason)).toBe(text);
  });

  it.each([
    ['rejected-form', 'it takes no such message, or none of this size'],
    ['rejected-sender', 'it does not accept the sender or its signature'],
    ['rejected-late', 'message has expired'],
    ['rejected-size', 'message is too large for it'],
    ['rejected-loop', 'it is this relay itself, under another name'],
    ['rejected-other', 'it gave no known reason'],
  ] as const)('of %s names the reason of the other relay: %j', (reason, why) => {
    expect(reasonText(reason)).toBe(`remote relay rejected permanently: ${why}`);
  });

  it('of an overloaded destination says when to try again, if that is known', () => {
    expect(reasonText('overloaded', 4)).toBe('overloaded, try again in 4 s');
    expect(reasonText('overloaded')).toBe('overloaded, try again later');
    expect(reasonText('offline', 4)).toBe('destination offline');
    expect(secondsOf(reasonText('overloaded', 4))).toBe(4);
    const others = [
      reasonText('overloaded'),
      'a twin is overloaded, try again in 4 s',
      'overloaded, try again in -1 s',
    ];
    expect(others.map(secondsOf)).toEqual([undefined, undefined, undefined]);
  });
});
