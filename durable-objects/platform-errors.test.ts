import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KNOWN_ERRORS, platformErrorOf } from './platform-errors.ts';

/** An error as the runtime makes it: with properties that are `true` or absent. */
const errorWith = (message: string, ...flags: readonly string[]) =>
  Object.assign(new Error(message), Object.fromEntries(flags.map((each) => [each, true])));

describe('an error of the platform', () => {
  it.each(KNOWN_ERRORS)('"$text" is $kind', ({ text, kind, flags = [] }) => {
    expect(platformErrorOf(errorWith(text, ...flags))).toBe(kind);
    // Between two objects the text may come alone, or behind another.
    expect(platformErrorOf(new Error(`Error: ${text.toUpperCase()}.`))).toBe(kind);
  });

  it('never ran only if it is overloaded and the object was not reset', () => {
    expect(platformErrorOf(errorWith('unknown text', 'overloaded'))).toBe('overloaded');
    expect(platformErrorOf(errorWith('unknown text', 'overloaded', 'remote'))).toBe('overloaded');
    expect(platformErrorOf(errorWith('unknown text', 'overloaded', 'durableObjectReset'))).toBe('reset');
    const memory = "Durable Object's isolate exceeded its memory limit and was reset.";
    expect(platformErrorOf(errorWith(memory, 'overloaded'))).toBe('reset');
  });

  it('may have run if the connection was lost', () => {
    expect(platformErrorOf(errorWith('Network connection lost.', 'retryable'))).toBe('reset');
    expect(platformErrorOf(errorWith('unknown text', 'retryable'))).toBe('reset');
    expect(platformErrorOf(errorWith('unknown text', 'retryable', 'remote'))).toBe('reset');
  });

  it('is other if it is an exception of the called code', () => {
    expect(platformErrorOf(errorWith('batch: envelope 3 is incomplete', 'remote'))).toBe('other');
  });

  it('has a kind whatever is thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(typeof platformErrorOf(value)).toBe('string');
      }),
    );
    for (const value of [undefined, null, 7, 'overloaded', { overloaded: 'true' }, { message: 7 }]) {
      expect(platformErrorOf(value)).toBe('other');
    }
  });
});
