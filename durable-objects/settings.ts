import { z } from 'zod';
import { relayName } from '../proto/relay-name.ts';
import type { Result } from '../proto/result.ts';
import { err, ok } from '../proto/result.ts';

/** Every variable has a value in wrangler.toml; one that is taken away there must be named. */
const set = z.string('must be set, to a text');

const wholeNumber = (least: number, most: number) =>
  set
    .regex(/^\d+$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be from ${least} to ${most}`);

const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, `must be one of: ${words.join(', ')}`);

const hosts = set
  .transform((text) => text.split(/\s+/).filter(Boolean))
  .refine((domains) => domains.every((domain) => relayName(domain)), 'must be host names, with or without a port')
  .transform((domains) => [...new Set(domains.flatMap((domain) => relayName(domain) ?? []))]);

const schema = z.object({
  RELAY_DOMAINS: hosts,
  RELAY_ALIASES: hosts,
  SUBSTRATE_URLS: set
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .refine(
      (urls) => urls.length > 0 && urls.every((url) => /^(https?|wss?):\/\/[^\s/]+/.test(url) && URL.canParse(url)),
      'must be one or more http(s):// or ws(s):// URLs',
    ),
  CATCHUP_THRESHOLD: wholeNumber(1, 10_000),
  RATE_LIMIT_MESSAGES: wholeNumber(0, 10_000_000),
  RATE_LIMIT_BYTES: wholeNumber(0, 2 ** 40),
  MAILBOX_MAX_MESSAGES: wholeNumber(0, 1_000_000),
  MAILBOX_MAX_BYTES: wholeNumber(0, 2 ** 33),
  MAILBOX_TTL: wholeNumber(1, 86_400),
  MAX_ENVELOPE_BYTES: wholeNumber(1024, 24 * 2 ** 20),
  FEDERATION_VERIFY: oneOf('signature', 'off'),
  FEDERATION_SCHEME: oneOf('https', 'http'),
  FEDERATION_PRIVATE: oneOf('refuse', 'allow'),
  RANKER_PERIOD: wholeNumber(1, 86_400),
  METRICS: oneOf('closed', 'open'),
});

/** The variables of wrangler.toml, by name. */
export const SETTING_NAMES: readonly string[] = Object.keys(schema.shape);

/** The relay's configuration, parsed. Sizes in bytes, times in seconds, domains in the one form of their names. */
export interface Settings {
  /** Names under which this relay is found; empty means: the host names it is reached by. */
  readonly relayDomains: readonly string[];
  /** Names that a token may be for: the relay's domains and its aliases; empty means the host that was asked. */
  readonly tokenAudience: readonly string[];
  /** Chain endpoints, all raced. */
  readonly substrateUrls: readonly string[];
  /** After more missed blocks than this the whole cache of twins counts as old. */
  readonly catchUpThreshold: number;
  /** What a twin may send in a minute; 0 is no limit. */
  readonly rateLimit: { readonly messages: number; readonly bytes: number };
  readonly mailbox: { readonly maxMessages: number; readonly maxBytes: number; readonly ttl: number };
  readonly maxEnvelopeBytes: number;
  readonly federation: {
    /** Whether what other relays bring must be signed by the twin that it names as its source. */
    readonly verify: boolean;
    readonly scheme: 'https' | 'http';
    /** Whether relays at private and link-local addresses, and localhost, are asked. */
    readonly allowsPrivate: boolean;
    /** How long a relay's failures count against it. */
    readonly rankerPeriod: number;
  };
  /** Whether /metrics answers without the operator's token. */
  readonly openMetrics: boolean;
}

/** Reads settings from the Worker's variables; the error names each bad variable and what it must be. */
export function parseSettings(env: object): Result<Settings, string> {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    return err(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  const { data } = parsed;
  return ok({
    relayDomains: data.RELAY_DOMAINS,
    tokenAudience: [...data.RELAY_DOMAINS, ...data.RELAY_ALIASES],
    substrateUrls: data.SUBSTRATE_URLS,
    catchUpThreshold: data.CATCHUP_THRESHOLD,
    rateLimit: { messages: data.RATE_LIMIT_MESSAGES, bytes: data.RATE_LIMIT_BYTES },
    mailbox: { maxMessages: data.MAILBOX_MAX_MESSAGES, maxBytes: data.MAILBOX_MAX_BYTES, ttl: data.MAILBOX_TTL },
    maxEnvelopeBytes: data.MAX_ENVELOPE_BYTES,
    federation: {
      verify: data.FEDERATION_VERIFY === 'signature',
      scheme: data.FEDERATION_SCHEME,
      allowsPrivate: data.FEDERATION_PRIVATE === 'allow',
      rankerPeriod: data.RANKER_PERIOD,
    },
    openMetrics: data.METRICS === 'open',
  });
}

// Of this isolate. All objects and requests in it have the same variables.
const known = new WeakMap<object, Settings>();

/** As `parseSettings`, once for the same variables. @throws when they are bad, which no deploy lets through */
export function settingsOf(env: object): Settings {
  let settings = known.get(env);
  if (settings === undefined) {
    const parsed = parseSettings(env);
    if (!parsed.ok) throw new Error(`settings: ${parsed.error}`);
    settings = parsed.value;
    known.set(env, settings);
  }
  return settings;
}
