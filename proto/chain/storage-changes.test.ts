import { describe, expect, it } from 'vitest';
import { err, ok } from '../result.ts';
import { changesOf } from './storage-changes.ts';

describe('changesOf', () => {
  it('returns the values by key', () => {
    const changes = [
      ['0x01', '0xab'],
      ['0x02', null],
    ];
    const values = new Map<string, unknown>([
      ['0x01', '0xab'],
      ['0x02', null],
    ]);
    expect(changesOf([{ block: '0x00', changes }])).toEqual(ok(values));
  });

  it('refuses anything else', () => {
    for (const result of [null, [], [{}], [{ changes: 1 }], [{ changes: [] }, { changes: [] }]]) {
      expect(changesOf(result)).toEqual(err('its result is no set of changes'));
    }
    for (const change of [null, [], [1, '0x']]) {
      expect(changesOf([{ changes: [change] }])).toEqual(err('its changes have no keys'));
    }
  });
});
