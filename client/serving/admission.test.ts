import { describe, expect, it } from 'vitest';
import { callerFault, commandFault } from './admission.ts';

describe('who may call', () => {
  it('is everybody without a list', () => {
    expect(callerFault({}, 'a', 7)).toBeUndefined();
  });

  it('is who is on the list of the command, else on the list of all commands', () => {
    const admission = { allow: new Set([7, 12]), allowFor: new Map([['wallet.pay', new Set([9])]]) };
    expect(callerFault(admission, 'a', 12)).toBeUndefined();
    expect(callerFault(admission, 'wallet.pay', 9)).toBeUndefined();
    expect(callerFault(admission, 'wallet.pay', 7)).toMatchObject({ detail: "twin 7 may not call 'wallet.pay' here" });
    expect(callerFault(admission, 'a', 9)).toMatchObject({ reason: 'not-allowed' });
    expect(callerFault({ allowFor: admission.allowFor }, 'a', 9)).toBeUndefined();
  });

  it('is everybody for rmb.version', () => {
    expect(callerFault({ allow: new Set([7]) }, 'rmb.version', 9)).toBeUndefined();
  });
});

it('a command that is not on the list of commands is refused', () => {
  const served = new Set(['a.b']);
  expect([commandFault({}, 'x'), commandFault({ served }, 'a.b')]).toEqual([undefined, undefined]);
  expect(commandFault({ served }, 'a.c')).toMatchObject({ reason: 'not-served' });
});
