import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainLoss, judgeWay, type Step } from './relay-verdict.ts';

const json = (code: string, message: string) => JSON.stringify({ error: { code, message, hint: 'x' } });

describe('explainLoss', () => {
  it.each([
    [`refused: 401 ${json('bad-signature', 'invalid jwt: jwt: Invalid signature')}`, /another network/],
    [`refused: 401 ${json('unknown-twin', 'twin not found 7')}`, /another network/],
    ['refused: 401 invalid jwt: jwt: Invalid signature', /another network/],
    [`refused: 401 ${json('expired-token', 'invalid jwt: jwt has expired')}`, /clock/],
    ['refused: 401 who are you', /is it an RMB relay/],
    ['refused: 403', /firewall/],
    ['refused: 404 <html>', /something else answers/],
    [`refused: 429 ${json('too-many-sessions', 'too many')}`, /too many sessions/],
    ['refused: 500', /trouble of its own/],
    ['refused: 503 busy', /trouble of its own/],
    ['refused: 301', /somewhere else/],
    ['refused: 200 <html>', /proxy on the way/],
    ['refused: 400', /proxy on the way/],
    ['4409 session used by another program', /stop one of the two/],
    ['4409 session taken over by a newer connection', /try again/],
    ['no answer within 10 s', /says nothing/],
    ['connection closed', /operator/],
  ])('%s', (loss, next) => {
    const explained = explainLoss(loss, 7);
    expect(explained.next).toMatch(next);
    expect(explained.detail).not.toBe('');
  });

  it('quotes the relay’s own words, also when they were cut short', () => {
    expect(explainLoss(`refused: 401 ${json('x', 'say “no”\n')}`, 7).detail).toBe('refused with 401: say “no”\n');
    expect(explainLoss('refused: 401 {"error":{"message":"cut sh', 7).detail).toContain('cut sh');
    fc.assert(fc.property(fc.string(), (any) => explainLoss(`refused: 401 {"message":"${any}"}`, 7).next !== ''));
  });
});

describe('judgeWay', () => {
  const relay = new URL('wss://relay.example');
  const good = (what: Step['what']): Step => ({ what, isOk: true, detail: 'yes' });

  it.each<[string, Step['what'][], Step['what'], string, RegExp]>([
    ['a name that does not exist', [], 'name', 'ENOTFOUND', /no such name/],
    ['a DNS that is away', [], 'name', 'EAI_AGAIN', /DNS of this machine/],
    ['a closed port', ['name'], 'connection', 'ECONNREFUSED', /nothing listens/],
    ['no way there', ['name'], 'connection', 'ETIMEDOUT', /firewalls/],
    ['a certificate of nobody', ['name', 'connection'], 'TLS', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', /authority/],
    ['an old certificate', ['name', 'connection'], 'TLS', 'CERT_HAS_EXPIRED', /does not hold now/],
    ['another’s certificate', ['name', 'connection'], 'TLS', 'ERR_TLS_CERT_ALTNAME_INVALID', /another name/],
    ['no TLS', ['name', 'connection'], 'TLS', 'ERR_SSL_WRONG_VERSION_NUMBER', /may not speak TLS/],
    ['silence', ['name', 'connection', 'TLS'], 'answer', '', /says nothing/],
  ])('%s', (_, before, what, code, next) => {
    const lines = judgeWay(relay, [...before.map(good), { what, isOk: false, detail: 'no', code }]);
    expect(lines.map(({ state }) => state)).toEqual([
      ...before.map(() => 'ok'),
      'fail',
      ...Array.from({ length: 3 - before.length }, () => 'skipped'),
    ]);
    expect(lines[before.length]?.next).toMatch(next);
  });

  it('looks for no TLS where none is spoken', () => {
    expect(judgeWay(new URL('ws://relay.example'), []).map(({ what }) => what)).not.toContain('TLS');
  });
});
