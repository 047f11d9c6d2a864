import { describe, expect, it } from 'vitest';
import { VARIABLES as good } from '../test/rig/relay/settings.ts';
import { parseSettings } from './settings.ts';

describe('parseSettings', () => {
  it('parses lists, numbers and words', () => {
    const settings = parseSettings({
      ...good,
      RELAY_DOMAINS: 'Relay.Example.  other.example:8443 relay.example:443 2001:DB8::1',
      RELAY_ALIASES: 'www.Relay.Example',
      SUBSTRATE_URLS: 'ws://a, http://b',
      RATE_LIMIT_MESSAGES: '5',
      FEDERATION_VERIFY: 'off',
      DEFAULT_REGION: 'apac-se',
    });
    expect(settings).toEqual({
      ok: true,
      value: {
        relayDomains: ['relay.example', 'other.example:8443', '[2001:db8::1]'],
        tokenAudience: ['relay.example', 'other.example:8443', '[2001:db8::1]', 'www.relay.example'],
        substrateUrls: ['ws://a', 'http://b'],
        catchUpThreshold: 600,
        rateLimit: { messages: 5, bytes: 0 },
        mailbox: { maxMessages: 10_000, maxBytes: 67_108_864, ttl: 3600 },
        maxEnvelopeBytes: 16_777_216,
        federation: { verify: false, scheme: 'https', allowsPrivate: false, rankerPeriod: 3600 },
        openMetrics: false,
        defaultRegion: 'apac-se',
        relayRegion: undefined,
      },
    });
  });

  it.each([
    ['RELAY_DOMAINS', 'https://relay.example/'],
    ['RELAY_ALIASES', 'wss://relay.example'],
    ['SUBSTRATE_URLS', ''],
    ['SUBSTRATE_URLS', 'ftp://chain.example'],
    ['CATCHUP_THRESHOLD', '0'],
    ['RATE_LIMIT_MESSAGES', '-1'],
    ['RATE_LIMIT_BYTES', '1.5'],
    ['MAILBOX_MAX_MESSAGES', 'many'],
    ['MAILBOX_TTL', '0'],
    ['MAX_ENVELOPE_BYTES', '99999999999'],
    ['MAX_ENVELOPE_BYTES', undefined],
    ['FEDERATION_VERIFY', 'yes'],
    ['FEDERATION_SCHEME', 'ftp'],
    ['FEDERATION_PRIVATE', 'yes'],
    ['RANKER_PERIOD', ''],
    ['METRICS', 'true'],
    ['DEFAULT_REGION', 'europe'],
    ['RELAY_REGION', undefined],
  ])('names %s if it is %j', (name, value) => {
    const settings = parseSettings({ ...good, [name]: value });
    expect(settings).toMatchObject({ ok: false, error: expect.stringMatching(`^${name}: must be `) });
  });

  it('names every invalid setting at once', () => {
    const settings = parseSettings({ ...good, MAILBOX_TTL: 'soon', FEDERATION_VERIFY: 'no' });
    expect(settings).toEqual({
      ok: false,
      error: 'MAILBOX_TTL: must be a whole number from 1 to 86400; FEDERATION_VERIFY: must be one of: signature, off',
    });
  });
});
