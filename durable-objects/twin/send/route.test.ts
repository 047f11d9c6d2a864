import { describe, expect, it } from 'vitest';
import type { EnvelopeHead } from '../../../proto/envelope/envelope-head.ts';
import { routeOf } from './route.ts';

const head = (fields: Partial<EnvelopeHead>): EnvelopeHead => ({
  source: { twin: 1 },
  destination: { twin: 2 },
  kind: 'request',
  endsAt: 0,
  ...fields,
});
const wrongSource = { kind: 'refuse', reason: 'wrong-source' };
const missing = { kind: 'refuse', reason: 'missing-destination' };

describe('routeOf', () => {
  it('delivers an envelope whose source is its session', () => {
    expect(routeOf(head({}), { twin: 1 })).toEqual({ kind: 'deliver', to: { twin: 2 } });
  });

  it.each([
    ['another twin', { twin: 3 }, { twin: 1 }],
    ['another sid', { twin: 1, connection: 'a' }, { twin: 1, connection: 'b' }],
    ['no sid, from a session with one', { twin: 1 }, { twin: 1, connection: 'b' }],
    ['an empty sid, from a session without', { twin: 1, connection: '' }, { twin: 1 }],
    ['no sid, from a session with an empty one', { twin: 1 }, { twin: 1, connection: '' }],
    ['no source at all', undefined, { twin: 1 }],
  ])('refuses a source that is %s', (_, source, session) => {
    expect(routeOf(head({ source }), session)).toEqual(wrongSource);
  });

  it('answers a ping, whatever its destination', () => {
    for (const destination of [undefined, { twin: 0 }, { twin: 1 }, { twin: 9 }]) {
      expect(routeOf(head({ kind: 'ping', destination }), { twin: 1 })).toEqual({ kind: 'pong' });
    }
  });

  it('checks the source of a ping first', () => {
    expect(routeOf(head({ kind: 'ping', source: { twin: 5 } }), { twin: 1 })).toEqual(wrongSource);
  });

  it('refuses a sid that no session can have', () => {
    const to = (connection: string) => routeOf(head({ destination: { twin: 2, connection } }), { twin: 1 });
    expect(to('x'.repeat(1024)).kind).toBe('deliver');
    for (const sid of ['x'.repeat(1025), '€'.repeat(400), 'x'.repeat(2 ** 20)]) {
      expect(to(sid)).toEqual({ kind: 'refuse', reason: 'bad-sid' });
    }
  });

  it('refuses twin 0 and no destination', () => {
    expect(routeOf(head({ destination: undefined }), { twin: 1 })).toEqual(missing);
    expect(routeOf(head({ destination: { twin: 0, connection: 'x' } }), { twin: 1 })).toEqual(missing);
  });
});
