import { describe, expect, it } from 'vitest';
import { parseSettings } from './settings.ts';

const good = {
  RELAY_DOMAINS: '',
  SUBSTRATE_URLS: 'wss://tfchain.example',
  MAILBOX_MAX_MESSAGES: '10000',
  MAILBOX_MAX_BYTES: '67108864',
  MAILBOX_TTL: '3600',
  MAX_ENVELOPE_BYTES: '16777216',
};

describe('parseSettings', () => {
  it('reads lists and numbers', () => {
    const settings = parseSettings({
      ...good,
      RELAY_DOMAINS: 'Relay.Example  other.example:8443',
      SUBSTRATE_URLS: 'ws://a, http://b',
    });
    expect(settings).toMatchObject({
      ok: true,
      value: {
        relayDomains: ['relay.example', 'other.example:8443'],
        substrateUrls: ['ws://a', 'http://b'],
        mailbox: { maxMessages: 10_000, maxBytes: 67_108_864, ttl: 3600 },
        maxEnvelopeBytes: 16_777_216,
      },
    });
  });

  it.each([
    ['RELAY_DOMAINS', 'https://relay.example/'],
    ['SUBSTRATE_URLS', ''],
    ['SUBSTRATE_URLS', 'ftp://chain.example'],
    ['MAILBOX_MAX_MESSAGES', 'many'],
    ['MAILBOX_TTL', '0'],
    ['MAX_ENVELOPE_BYTES', '99999999999'],
    ['MAX_ENVELOPE_BYTES', undefined],
  ])('names %s when it is %j', (name, value) => {
    const settings = parseSettings({ ...good, [name]: value });
    expect(settings).toMatchObject({ ok: false, error: expect.stringContaining(name) });
  });
});
