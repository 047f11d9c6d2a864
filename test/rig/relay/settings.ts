import { parseSettings, type Settings } from '../../../durable-objects/settings.ts';

/** Settings of a small relay, as its variables say them. */
const SMALL = {
  RELAY_DOMAINS: 'relay.example',
  RELAY_ALIASES: '',
  SUBSTRATE_URLS: 'http://localhost:1',
  CATCHUP_THRESHOLD: '600',
  RATE_LIMIT_MESSAGES: '0',
  RATE_LIMIT_BYTES: '0',
  MAILBOX_MAX_MESSAGES: '1',
  MAILBOX_MAX_BYTES: '1',
  MAILBOX_TTL: '1',
  MAX_ENVELOPE_BYTES: '65536',
  FEDERATION_VERIFY: 'signature',
  FEDERATION_SCHEME: 'https',
  FEDERATION_PRIVATE: 'refuse',
  RANKER_PERIOD: '1',
  METRICS: 'closed',
  DEFAULT_REGION: '',
  RELAY_REGION: '',
};

/** Returns parsed settings of a relay that is not started. @param variables that differ */
export function smallSettings(variables: Partial<typeof SMALL> = {}): Settings {
  const parsed = parseSettings({ ...SMALL, ...variables });
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
