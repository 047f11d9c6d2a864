import { z } from 'zod';
import { relayName } from '../proto/relay-name.ts';
import type { Result } from '../proto/result.ts';
import { err, ok } from '../proto/result.ts';
import { isRegion, REGIONS, type Region } from './placement/region.ts';

/** Each variable has a value in wrangler.toml. The error names a missing one. */
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

const region = set.transform((text, context): Region | undefined => {
  if (text === '' || isRegion(text)) return text === '' ? undefined : text;
  context.addIssue({ code: 'custom', message: `must be empty, or one of: ${REGIONS.join(', ')}` });
  return z.NEVER;
});

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
  DEFAULT_REGION: region,
  RELAY_REGION: region,
});

/** The names of the variables in wrangler.toml. */
export const SETTING_NAMES: readonly string[] = Object.keys(schema.shape);

/** The relay's configuration, parsed. Sizes in bytes, times in seconds, domains normalised. */
export interface Settings {
  /** Names of this relay on chain; empty: the host names by which clients reach it. */
  readonly relayDomains: readonly string[];
  /** Names that a token may be for: the relay's domains and aliases; empty: the host of the request. */
  readonly tokenAudience: readonly string[];
  /** Chain endpoints, raced against each other. */
  readonly substrateUrls: readonly string[];
  /** After more missed blocks than this the whole cache of twins is stale. */
  readonly catchUpThreshold: number;
  /** Rate limit of a twin for a minute; 0: no limit. */
  readonly rateLimit: { readonly messages: number; readonly bytes: number };
  readonly mailbox: { readonly maxMessages: number; readonly maxBytes: number; readonly ttl: number };
  readonly maxEnvelopeBytes: number;
  readonly federation: {
    /** Whether an envelope from another relay must be signed by its source twin. */
    readonly verify: boolean;
    readonly scheme: 'https' | 'http';
    /** Whether this relay sends to relays at private and link-local addresses, and localhost. */
    readonly allowsPrivate: boolean;
    /** How long a failure of a relay counts. */
    readonly rankerPeriod: number;
  };
  /** Whether /metrics responds without the operator's token. */
  readonly openMetrics: boolean;
  /** Where the object of a twin is made that never connected, for its mail; undefined: near the first sender. */
  readonly defaultRegion: Region | undefined;
  /** Where the chain watcher and the stats objects are made; undefined: near their first callers. */
  readonly relayRegion: Region | undefined;
}

/** Reads settings from the Worker's variables. The error names each invalid variable and its valid values. */
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
    defaultRegion: data.DEFAULT_REGION,
    relayRegion: data.RELAY_REGION,
  });
}

// Of this isolate: all its objects and requests have the same variables.
const known = new WeakMap<object, Settings>();

/** As `parseSettings`, once for the same variables. @throws when one is invalid; a deploy checks them first */
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
