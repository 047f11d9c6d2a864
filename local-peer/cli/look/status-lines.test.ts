import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import type { RequestStatus, Step } from '../../bridge/request-status.ts';
import { statusLines } from './status-lines.ts';

const at = Date.parse('2026-11-25T12:00:00.123');
const status = (steps: Step[], fields: Partial<RequestStatus> = {}): RequestStatus => ({
  uid: 'u',
  ref: null,
  command: 'x.y',
  destinations: [7],
  until: at + 60_000,
  steps,
  ...fields,
});
const linesOf = (...all: Parameters<typeof status>) => statusLines(status(...all)).map(stripVTControlCharacters);

it('prints a line for each step, with its time and what it means, and what is awaited', () => {
  const steps: Step[] = [
    { name: 'accepted', at },
    { name: 'sent', at, twin: 7 },
    { name: 'stored', at, twin: 7, relay: 'relay.example' },
  ];
  expect(linesOf(steps)).toEqual([
    'request u',
    'ref      none',
    'command  x.y, to twin 7',
    '2026-11-25 12:00:00.123  accepted   this peer has it from the program',
    '2026-11-25 12:00:00.123  sent       to twin 7: a relay was given it',
    '2026-11-25 12:00:00.123  stored     twin 7 is away: it waits in the mailbox at relay.example',
    'waits for twin 7 until 2026-11-25 12:01:00.123; sent again if the peer stops before the reply',
  ]);
});

it('awaits nothing after a reply, an error or the end of its time', () => {
  for (const name of ['replied', 'failed', 'expired'] as const) {
    expect(linesOf([{ name, at, twin: 7 }]).at(-1)).toMatch(name);
  }
});

it('says what a note alone tells', () => {
  expect(linesOf([], { until: undefined }).at(-1)).toMatch(/^sent before this daemon started/);
});

it('lets no twin or program write on the terminal', () => {
  const lines = linesOf([{ name: 'failed', at, twin: 7, detail: 'a\u001b[2J\r\nb' }], { ref: 'r\r\nforged' });
  expect(lines).toContain('ref      r forged');
  expect(lines.at(-1)).toMatch(/twin 7: a \[2J b$/);
});
