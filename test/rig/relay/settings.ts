import { parseSettings, type Settings } from '../../../durable-objects/settings.ts';

/** A relay's variables, as an environment has them: each setting once, in text. A new setting is added here. */
export const VARIABLES = {
  RELAY_DOMAINS: '',
  RELAY_ALIASES: '',
  SUBSTRATE_URLS: 'wss://tfchain.example',
  CATCHUP_THRESHOLD: '600',
  RATE_LIMIT_MESSAGES: '0',
  RATE_LIMIT_BYTES: '0',
  MAILBOX_MAX_MESSAGES: '10000',
  MAILBOX_MAX_BYTES: '67108864',
  MAILBOX_TTL: '3600',
  MAX_ENVELOPE_BYTES: '16777216',
  FEDERATION_VERIFY: 'signature',
  FEDERATION_SCHEME: 'https',
  FEDERATION_PRIVATE: 'refuse',
  RANKER_PERIOD: '3600',
  METRICS: 'closed',
  DEFAULT_REGION: '',
  RELAY_REGION: '',
};

/** What makes a relay small. */
const SMALL = {
  RELAY_DOMAINS: 'relay.example',
  MAILBOX_MAX_MESSAGES: '1',
  MAILBOX_MAX_BYTES: '1',
  MAILBOX_TTL: '1',
  MAX_ENVELOPE_BYTES: '65536',
  RANKER_PERIOD: '1',
};

/** Returns parsed settings of a relay that is not started. @param variables that differ */
export function smallSettings(variables: Partial<typeof VARIABLES> = {}): Settings {
  const parsed = parseSettings({ ...VARIABLES, ...SMALL, ...variables });
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
