import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RmbError } from '../../../client/errors.ts';
import { lostLine, pongLine, summaryLines } from './ping-lines.ts';

const reply = { source: '7:cli', ms: 12.34, version: '1.2.3', error: undefined };

describe('pongLine', () => {
  it('shows the session that replied, its version and the round trip', () => {
    expect(pongLine(3, reply, false)).toBe('twin 7:cli (1.2.3): seq=3 time=12.3 ms');
    expect(JSON.parse(pongLine(3, reply, true))).toEqual({
      type: 'pong',
      seq: 3,
      source: '7:cli',
      milliseconds: 12.3,
      version: '1.2.3',
      error: null,
    });
  });

  it('shows an error reply in place of a version', () => {
    const refusal = { ...reply, version: undefined, error: { code: 404, message: 'function is not found' } };
    expect(pongLine(1, refusal, false)).toContain('(error 404: function is not found)');
    expect(JSON.parse(pongLine(1, refusal, true))).toMatchObject({ version: null, error: refusal.error });
  });

  it.each([true, false])('writes no control character of the other peer (JSON: %s)', (isJson) => {
    const hostile = '\u001b[2J\r\n';
    const error = { code: 1, message: hostile };
    const lines = [pongLine(1, { ...reply, version: hostile }, isJson), pongLine(1, { ...reply, error }, isJson)];
    for (const each of ['\u001b', '\r', '\n']) expect(lines.join('')).not.toContain(each);
  });
});

describe('lostLine', () => {
  it('names the kind of the failure for programs, and its text for people', () => {
    const error = new RmbError('no-answer', 'no reply came');
    expect(JSON.parse(lostLine(2, error, true))).toEqual({
      type: 'lost',
      seq: 2,
      kind: 'no-answer',
      message: 'no reply came',
    });
    expect(stripVTControlCharacters(lostLine(2, error, false))).toBe('seq=2 no reply came');
  });
});

describe('summaryLines', () => {
  it('counts lost pings, and summarizes the round trips', () => {
    expect(summaryLines('twin 7', 4, [10, 20, 30], false)).toEqual([
      '--- twin 7: 4 sent, 3 answered, 25% lost',
      'round trip min/mean/p50/p99/max = 10.0/20.0/20.0/30.0/30.0 ms',
    ]);
    const [json = ''] = summaryLines('twin 7', 4, [10, 20, 30], true);
    const roundTrip = { min: 10, mean: 20, p50: 20, p99: 30, max: 30 };
    expect(JSON.parse(json)).toEqual({ type: 'summary', sent: 4, answered: 3, roundTrip });
  });

  it('has no round trip without a reply, and no loss before the first ping', () => {
    expect(summaryLines('twin 7', 2, [], false)).toEqual(['--- twin 7: 2 sent, 0 answered, 100% lost']);
    expect(summaryLines('twin 7', 0, [], false)).toEqual(['--- twin 7: 0 sent, 0 answered, 0% lost']);
    expect(summaryLines('twin 7', 2, [], true)[0]).toContain('"roundTrip":null');
  });
});
