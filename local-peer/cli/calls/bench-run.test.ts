import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RmbError } from '../../../client/errors.ts';
import { BenchRun } from './bench-run.ts';

const HOSTILE = '\u001b[2J\r\n';

/** A run of ten requests to twin 7, and its clock. */
function rig() {
  const clock = { ms: 1_000 };
  const run = new BenchRun({ twin: 7 }, 10, () => clock.ms);
  /** Makes a request that takes 100 ms. */
  const ask = (error?: Error) =>
    run.measure(async () => {
      clock.ms += 100;
      if (error !== undefined) throw error;
    });
  return { run, ask };
}
const refusal = (message: string) =>
  new RmbError('answered-error', message, { reply: { source: '7', code: 500, message } });

describe('a bench run', () => {
  it('measures replies a second from its beginning', async () => {
    const { run, ask } = rig();
    for (let n = 0; n < 10; n += 1) await ask();
    expect(run.rate()).toBe(10);
    expect(run.json()).toMatchObject({ twin: 7, requests: 10, answered: 10, seconds: 1, perSecond: 10 });
    expect(run.lines().map(stripVTControlCharacters)).toEqual([
      'twin 7: 10 of 10 answered in 1.0 s, 10.0 a second',
      'round trip min/mean/p50/p99/max = 100/100/100/100/100 ms',
    ]);
    expect(run.judge()).toBeUndefined();
  });

  it('counts a signed error as a reply, by its text', async () => {
    const { run, ask } = rig();
    for (const text of ['full', 'full', 'odd']) await ask(refusal(text));
    const errors = { 'error 500: full': 2, 'error 500: odd': 1 };
    expect(run.json()).toMatchObject({ answered: 3, errors, failed: {}, roundTrip: { max: 100 } });
    expect(run.lines().map(stripVTControlCharacters)).toContain('2 answered with an error: error 500: full');
    expect(() => run.judge()).toThrow('3 of 10 requests were answered with an error');
  });

  it('ends with the code of the first failure', async () => {
    const { run, ask } = rig();
    for (let n = 0; n < 8; n += 1) await ask();
    await ask(new RmbError('offline', 'twin 7 is offline'));
    await ask(new RmbError('no-answer', 'no reply came'));
    expect(run.done).toBe(10);
    expect(run.json()).toMatchObject({ answered: 8, failed: { 'twin 7 is offline': 1, 'no reply came': 1 } });
    const judged = expect.objectContaining({ code: 'offline', message: '2 of 10 requests failed' });
    expect(() => run.judge()).toThrow(judged);
  });

  it('shows an interrupted run without replies', () => {
    const { run } = rig();
    expect(run.json()).toMatchObject({ answered: 0, perSecond: 0, roundTrip: null });
    expect(run.lines()).toHaveLength(1);
  });

  it('writes no control character of the other peer', async () => {
    const { run, ask } = rig();
    await ask(refusal(HOSTILE));
    await ask(new RmbError('no-answer', HOSTILE));
    const text = run.lines().join('');
    for (const each of ['\u001b[2J', '\r', '\n']) expect(text).not.toContain(each);
  });

  it('lets an unknown exception through', async () => {
    await expect(rig().ask(new TypeError('a defect'))).rejects.toThrow('a defect');
  });
});
