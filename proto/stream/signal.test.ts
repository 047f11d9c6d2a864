import { describe, expect, it } from 'vitest';
import { commandOf, decodeSignal, encodeSignal, isSignalCommand, type Signal } from './signal.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('a signal', () => {
  it('survives the wire', () => {
    const signals: Signal[] = [
      { kind: 'credit', uid: 'u', credit: 64 },
      { kind: 'cancel', uid: 'u' },
    ];
    for (const signal of signals) {
      const command = commandOf(signal);
      if (!isSignalCommand(command)) throw new Error(command);
      expect(decodeSignal(command, encodeSignal(signal))).toEqual({ ok: true, value: signal });
    }
    expect(new TextDecoder().decode(encodeSignal({ kind: 'credit', uid: 'u', credit: 64 }))).toBe(
      '{"uid":"u","credit":64}',
    );
  });

  it('has a command of its own', () => {
    expect(['rmb.credit', 'rmb.cancel', 'rmb.version', 'toString'].map(isSignalCommand)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each(['', 'null', '[]', '{}', '{"uid":7}', '{"uid":"u"', '{"uid":"u","credit":-1}', '{"uid":"u","credit":"1"}'])(
    'refuses the payload %s of a credit',
    (payload) => {
      expect(decodeSignal('rmb.credit', bytes(payload))).toMatchObject({ ok: false });
    },
  );

  it('ignores other fields, so that later versions can add some', () => {
    expect(decodeSignal('rmb.cancel', bytes('{"uid":"u","why":"x"}'))).toEqual({
      ok: true,
      value: { kind: 'cancel', uid: 'u' },
    });
  });
});
