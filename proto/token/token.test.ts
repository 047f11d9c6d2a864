import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase64url, encodeBase64url } from '../crypto/base64url.ts';
import { PORTABLE } from '../crypto/portable.ts';
import { type Identity, identityOf } from '../identity.ts';
import { checkToken, mintToken, parseToken, tokenFaultText } from './token.ts';

const NOW = 1_800_000_000;

async function identity(): Promise<Identity> {
  const made = await identityOf(`0x${'11'.repeat(32)}`, 'ed25519');
  if (!made.ok) throw new Error(made.error.detail);
  return made.value;
}

/** Returns a signed token of exactly these texts. */
async function signed(header: string, claims: string, padding = ''): Promise<string> {
  const encoded = [header, claims].map((text) => encodeBase64url(Buffer.from(text))).join('.');
  const signature = await (await identity()).sign(Buffer.from(encoded));
  return `${encoded}.${encodeBase64url(signature)}${padding}`;
}

async function accepts(token: string, now: number): Promise<unknown> {
  const parsed = parseToken(token);
  if (!parsed.ok) return tokenFaultText(parsed.error);
  const checked = await checkToken(parsed.value, (await identity()).account, now, PORTABLE);
  return checked.ok ? checked.value : tokenFaultText(checked.error);
}

test('a minted token is accepted, for any twin, sid and lifetime', async () => {
  const claims = fc.record({
    twin: fc.nat(0xffff_ffff),
    sid: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
    ttl: fc.nat(1_000_000_000),
  });
  await fc.assert(
    fc.asyncProperty(claims, async ({ twin, sid, ttl }) => {
      const token = await mintToken({ twin, sid, now: NOW, ttl }, await identity());
      expect(await accepts(token, NOW + ttl)).toEqual({ sub: twin, sid, iat: NOW, exp: NOW + ttl });
    }),
    { numRuns: 40 },
  );
});

test('no sid, null and "" : the first two are the same session, the last is another', async () => {
  const life = `"iat":${NOW},"exp":${NOW + 60}`;
  const header = '{"alg":"RS512"}';
  expect(await accepts(await signed(header, `{"sub":5,${life}}`), NOW)).not.toHaveProperty('sid');
  expect(await accepts(await signed(header, `{"sub":5,"sid":null,${life}}`), NOW)).not.toHaveProperty('sid');
  expect(await accepts(await signed(header, `{"sub":5,"sid":"",${life}}`), NOW)).toHaveProperty('sid', '');
});

test('a typ, a padded signature, unknown claims and an iat a little ahead are accepted', async () => {
  const claims = `{"sub":5,"iat":${NOW + 300},"exp":${NOW},"aud":"x","jti":1,"cap":["custody.1",7]}`;
  const token = await signed('{"typ":"JWT","alg":"RS512"}', claims, '=');
  expect(await accepts(token, NOW)).toEqual({ sub: 5, iat: NOW + 300, exp: NOW, aud: ['x'], cap: ['custody.1'] });
});

test('a claim of twenty thousand nested lists is refused like any other wrong type', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  for (const name of ['sub', 'sid', 'iat', 'exp', 'aud']) {
    const good: Record<string, string> = { sub: '5', sid: 'null', iat: `${NOW}`, exp: `${NOW + 60}`, [name]: deep };
    const claims = `{${Object.entries(good).map(([key, value]) => `"${key}":${value}`)}}`;
    expect(await accepts(await signed('{"alg":"RS512"}', claims), NOW)).toContain('invalid type: sequence');
  }
});

test('a token that ends more than a day from now, or was issued minutes ahead, is refused', async () => {
  const minted = async (iat: number, exp: number) =>
    accepts(await signed('{"alg":"RS512"}', `{"sub":5,"iat":${iat},"exp":${exp}}`), NOW);
  expect(await minted(NOW, NOW + 86_400)).toHaveProperty('sub', 5);
  expect(await minted(NOW, NOW + 86_401)).toBe('invalid jwt: jwt ends more than 86400 s from now');
  expect(await minted(NOW + 301, NOW + 400)).toBe('invalid jwt: jwt was issued more than 300 s in the future');
});

test('an audience is a text or a list of texts', async () => {
  const audience = async (aud: string) =>
    accepts(await signed('{"alg":"RS512"}', `{"sub":5,"iat":${NOW},"exp":${NOW},"aud":${aud}}`), NOW);
  expect(await audience('["a","b:1"]')).toHaveProperty('aud', ['a', 'b:1']);
  expect(await audience('null')).not.toHaveProperty('aud');
  expect(await audience('7')).toMatch(/^invalid jwt: jwt: invalid type: integer `7`, expected a string/);
  expect(await audience('["a",7]')).toMatch(/^invalid jwt: jwt: invalid type: sequence, expected a string/);
  const minted = await mintToken({ twin: 5, now: NOW, ttl: 60, aud: 'relay.example:8443' }, await identity());
  expect(await accepts(minted, NOW)).toHaveProperty('aud', ['relay.example:8443']);
});

test('parsing a text never throws', () => {
  const part = fc.oneof(
    fc.string(),
    fc.json().map((json) => encodeBase64url(Buffer.from(json))),
  );
  const tokens = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(part, { maxLength: 4 }).map((parts) => parts.join('.')),
  );
  fc.assert(
    fc.property(tokens, (token) => {
      const parsed = parseToken(token);
      if (!parsed.ok) expect(tokenFaultText(parsed.error)).toMatch(/^invalid jwt: jwt: ./);
    }),
    { numRuns: 500 },
  );
});

test('parsing JSON claims never throws', async () => {
  const header = encodeBase64url(Buffer.from('{"alg":"RS512"}'));
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(5, -1, 1.5, 2 ** 33, null, 'x'));
  const claims = fc.record({ sub: value, sid: value, iat: value, exp: value, cap: value }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.oneof(claims, fc.jsonValue()), (json) => {
      const parsed = parseToken(`${header}.${encodeBase64url(Buffer.from(JSON.stringify(json)))}.`);
      if (parsed.ok) expect(parsed.value.claims.sub).toBeTypeOf('number');
      else expect(tokenFaultText(parsed.error)).toMatch(/^invalid jwt: jwt: (missing|invalid) ./);
    }),
    { numRuns: 500 },
  );
});

test('base64url decodes to itself, and other texts are refused or padded', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeBase64url(encodeBase64url(bytes))).toEqual({ ok: true, value: bytes });
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      const decoded = decodeBase64url(text);
      if (decoded.ok) expect(encodeBase64url(decoded.value)).toBe(text.replace(/={1,2}$/, ''));
    }),
  );
});

test('minting throws for a twin that is not a u32', async () => {
  await expect(mintToken({ twin: -1, now: NOW, ttl: 1 }, await identity())).rejects.toThrow('"twin" expected a u32');
});
