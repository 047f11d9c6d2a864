import { describe, expect, it } from 'vitest';
import { readStatus } from './status-json.ts';
import { Statuses } from './statuses.ts';

const T0 = 1_800_000_000_000;

/** Statuses, the clock behind them, and what is kept in Redis. */
function rig(most?: number) {
  let now = T0;
  const saved: [string, string, number][] = [];
  const statuses = new Statuses(
    (...all) => void saved.push(all),
    most,
    () => now,
  );
  const accept = (uid: string, { ref = null, to = [7], status }: Asking = {}) => {
    const times = { expiration: 60, now: 0 };
    const rest = { command: 'x.y', data: new Uint8Array(0), tags: null, replyTo: 'q', schema: null, isStream: false };
    const request = { ref, destinations: to, status, ...rest, ...times };
    statuses.accepted({ uid, claimedAt: T0 / 1000, seconds: 60, request });
  };
  const pass = (ms: number) => {
    now += ms;
  };
  const names = (name: string) => statuses.find(name)?.steps.map((step) => `${step.name} ${step.twin ?? ''}`.trim());
  return { statuses, saved, accept, pass, names };
}
interface Asking {
  readonly ref?: string | null;
  readonly to?: readonly number[];
  readonly status?: string | true;
}

describe('Statuses', () => {
  it('tells the steps of a request by its uid, or by the ref of the latest one', () => {
    const { statuses, accept, pass } = rig();
    accept('old', { ref: 'r' });
    accept('new', { ref: 'r' });
    pass(5);
    statuses.step('new', { name: 'sent', twin: 7 });
    statuses.step('new', { name: 'stored', twin: 7, relay: 'relay.example' });
    expect(statuses.find('new')).toEqual({
      uid: 'new',
      ref: 'r',
      command: 'x.y',
      destinations: [7],
      until: T0 + 60_000,
      steps: [
        { name: 'accepted', at: T0 },
        { name: 'sent', twin: 7, at: T0 + 5 },
        { name: 'stored', twin: 7, relay: 'relay.example', at: T0 + 5 },
      ],
    });
    expect(statuses.find('r')?.uid).toBe('new');
    expect(statuses.find('other')).toBeUndefined();
  });

  it('counts the envelopes of further rounds to their request', () => {
    const { statuses, accept, names } = rig();
    accept('u', { to: [7, 7] });
    statuses.step('u', { name: 'replied', twin: 7 });
    statuses.step('u.1', { name: 'sent', twin: 7 });
    expect(names('u')).toEqual(['accepted', 'replied 7', 'sent 7']);
  });

  it('says that a request expired for each twin without a reply', () => {
    const { statuses, accept, pass, names } = rig();
    accept('u', { to: [7, 7, 8, 9] });
    statuses.step('u', { name: 'replied', twin: 7 });
    statuses.step('u', { name: 'failed', twin: 8, detail: 'no' });
    pass(59_999);
    expect(names('u')).toEqual(['accepted', 'replied 7', 'failed 8']);
    pass(1);
    expect(names('u')).toEqual(['accepted', 'replied 7', 'failed 8', 'expired 7', 'expired 9']);
    accept('v');
    statuses.step('v', { name: 'failed', detail: 'request has expired' });
    pass(60_000);
    expect(names('v')).toEqual(['accepted', 'failed']);
  });

  it('remembers the newest', () => {
    const { statuses, accept } = rig(2);
    for (const uid of ['a', 'b', 'c']) accept(uid);
    statuses.step('a', { name: 'sent', twin: 7 });
    expect(['a', 'b', 'c'].map((uid) => statuses.find(uid)?.uid)).toEqual([undefined, 'b', 'c']);
  });

  it('keeps only the status that its program asked for, at each step, for the time of the request', () => {
    const { statuses, saved, accept } = rig();
    accept('quiet');
    accept('by-uid', { status: true });
    accept('by-name', { status: 'the-name-it-chose' });
    for (const uid of ['quiet', 'by-uid', 'by-name']) statuses.step(uid, { name: 'replied', twin: 7 });
    expect(saved.map(([name, , seconds]) => [name, seconds])).toEqual([
      ['by-uid', 60],
      ['the-name-it-chose', 60],
      ['by-uid', 60],
      ['the-name-it-chose', 60],
    ]);
    expect(readStatus(saved.at(-1)?.[1] ?? '')).toEqual(statuses.find('by-name'));
  });
});

it('reads no status of another version', () => {
  const { saved, accept } = rig();
  accept('u', { status: true });
  const [, text = ''] = saved[0] ?? [];
  expect(readStatus(text)?.uid).toBe('u');
  expect(readStatus(text.replace('"ver":1', '"ver":2'))).toBeUndefined();
  expect(readStatus('no JSON')).toBeUndefined();
});
