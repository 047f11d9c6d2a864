import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { faultIn, relayJson, relayLines } from './relay-lines.ts';
import type { RelayReport } from './relay-report.ts';

const url = new URL('https://relay.example/');
const REPORT: RelayReport = {
  pages: { '/version': 200, '/metrics': 404 },
  version: { name: 'rmb-edge', version: '1.2.3', domains: ['a.example', 'b.example'] },
  isReady: true,
  detail: undefined,
  isRelay: true,
  roundTrips: [10, 30, 20],
  clockSkew: 0.26,
};
/** A Rust relay: it has only /metrics. */
const RUST: RelayReport = { ...REPORT, version: undefined, isReady: undefined, clockSkew: undefined };

const lines = (report: RelayReport) => relayLines(url, report).map(stripVTControlCharacters);

describe('relayLines', () => {
  it('shows the whole report', () => {
    expect(lines(REPORT)).toEqual([
      'relay.example',
      'version     rmb-edge 1.2.3',
      'domains     a.example b.example',
      'state       ready',
      'pages       /version 200  /metrics 404',
      'round trip  20.0 ms (10.0 to 30.0)',
      'clock       0.3 s from this machine’s: fine',
    ]);
  });

  it('shows what a relay does not say as unknown', () => {
    const [, version, domains, state] = lines(RUST);
    expect([version, domains, state]).toEqual([
      'version     unknown (the Rust relay has no /version)',
      'domains     unknown',
      'state       unknown',
    ]);
    expect(lines({ ...RUST, roundTrips: [] })).toContain('round trip  -');
  });

  it.each([
    [5, 'fine'],
    [-5, 'fine'],
    [5.1, 'set the wrong clock (NTP)'],
    [-60, 'set the wrong clock (NTP)'],
  ])('judges a clock %d s off', (clockSkew, verdict) => {
    expect(lines({ ...REPORT, clockSkew }).at(-1)).toContain(verdict);
  });
});

describe('relayJson', () => {
  it('rounds times to a tenth, and writes what is unknown as null', () => {
    const trips = { min: 10, mean: 20, p50: 20, p99: 30, max: 30 };
    expect(relayJson(url, REPORT)).toMatchObject({
      version: 'rmb-edge 1.2.3',
      clockSkewSeconds: 0.3,
      roundTrip: trips,
    });
    const nulls = { version: null, domains: null, ready: null, detail: null, clockSkewSeconds: null };
    expect(relayJson(url, RUST)).toMatchObject(nulls);
  });
});

describe('faultIn', () => {
  it('finds none in a ready relay, nor in one that does not say', () => {
    expect([faultIn(url, REPORT), faultIn(url, RUST)]).toEqual([undefined, undefined]);
  });

  it.each([
    [{ isRelay: false, isReady: undefined }, 'relay.example answers, but is no RMB relay'],
    [{ isReady: false, detail: 'no chain' }, 'relay.example is not ready: no chain'],
    [{ isReady: false }, 'relay.example is not ready: no reason given'],
  ])('names the fault of %j', (fields, message) => {
    expect(faultIn(url, { ...REPORT, ...fields })).toMatchObject({ code: 'relay', message });
  });
});
