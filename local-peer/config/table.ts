import { z } from 'zod';
import { relayDomainOf } from '../../proto/twin.ts';
import { twinLists, twins } from './twin-lists.ts';

/**
 * Every setting of the peer, once: its flag, its variable, its key in the file, what it must be. Each layer
 * (flags, environment, file, defaults) gives texts; the schema makes a value of them, or says what is wrong.
 */

const text = z.string().min(1, 'must not be empty');
const onOff = z.stringbool({ error: 'must be true or false' });

const url = (...protocols: string[]) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
      error: `must be a URL with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    })
    .refine((value) => !value.includes('#'), { error: 'must not have a # in it: write %23 for one in a password' });

/** A Redis URL may have a database number and credentials that can be decoded, and nothing else. */
const redis = url('redis:', 'rediss:')
  .refine((value) => !URL.canParse(value) || /^(?:\/\d{0,5})?$/.test(new URL(value).pathname), {
    error: 'must end with the number of a database or nothing, for example redis://localhost:6379/1',
  })
  .refine((value) => !URL.canParse(value) || areDecodable(new URL(value)), {
    error: 'must have a % in its user or password written as %25',
  });

function areDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** Programs compare relays by host name: other twins cannot reach this peer by an address. */
const relay = url('ws:', 'wss:').refine(
  // A text that is no URL was refused above.
  (value) => !URL.canParse(value) || !/^\d+(\.\d+){3}$|^\[/.test(new URL(value).hostname),
  'must have a domain name, not an address',
);

/** `wss://a` and `wss://a:443/` are the same relay. A text that is no URL has its own error. */
function haveOwnHosts(urls: readonly string[]): boolean {
  const hosts = urls.filter((value) => URL.canParse(value)).map((value) => relayDomainOf(new URL(value)));
  return new Set(hosts).size === hosts.length;
}

const ADDRESS = /^(?:(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+)):)?(\d{1,5})$/i;

/** Address of the status server: only this machine unless a host is given. */
const address = z.string().transform((value, context) => {
  const [, ipv6, host, digits] = ADDRESS.exec(value) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) return { host: ipv6 ?? host ?? '127.0.0.1', port };
  context.addIssue({ code: 'custom', message: 'must be PORT or HOST:PORT, for example 9464' });
  return z.NEVER;
});

const level = z.union([z.string().regex(/^\d$/).transform(Number), z.stringbool().transform(Number)], {
  error: 'must be a number: 0, 1 or 2',
});

/** A setting with one value: the last one counts. */
const one = <T extends z.ZodType<unknown, string>>(schema: T) =>
  z
    .array(z.string())
    .transform((texts) => texts.at(-1) ?? '')
    .pipe(schema);

/** All settings by name: the flag without its dashes. */
export const SETTINGS_SCHEMA = z.object({
  mnemonic: one(text).optional(),
  'mnemonic-file': one(text).optional(),
  'key-type': one(z.enum(['sr25519', 'ed25519'], 'must be sr25519 or ed25519')),
  redis: one(redis),
  substrate: z.array(url('ws:', 'wss:')).min(1, 'must name a node'),
  relay: z
    .array(relay)
    .min(1, 'must name a relay')
    .max(4, 'must be at most 4 relays')
    .refine(haveOwnHosts, 'must be different relays: two connections to one relay replace each other'),
  'no-update': one(onOff).default(false),
  'keep-relays': one(onOff).default(false),
  'keep-on-chain': one(onOff).default(false),
  allow: twins.optional(),
  'allow-for': twinLists.optional(),
  served: z.array(text).optional(),
  'require-cipher': one(onOff).default(false),
  plugin: z.array(text).default([]),
  uploads: one(text).optional(),
  debug: one(level).default(0),
  status: one(address).optional(),
});

export type SettingName = keyof typeof SETTINGS_SCHEMA.shape;

/** A setting's form; `flag` as commander reads it. */
export interface Setting {
  readonly name: SettingName;
  readonly flag: string;
  /** `text` is given once, `list` repeated, `switch` has no value, `count` is repeated without one. */
  readonly kind: 'text' | 'list' | 'switch' | 'count';
  readonly help: string;
  /** Default, if the setting has one. */
  readonly fallback?: readonly string[];
  /** Accepted, but not shown. */
  readonly isHidden?: true;
}

/** In the order in which `--help` and `--print-config` show them. */
export const SETTINGS: readonly Setting[] = [
  { name: 'mnemonic', flag: '-m, --mnemonic <secret>', kind: 'text', help: 'the twin’s secret: words, or a 0x seed' },
  { name: 'mnemonic-file', flag: '--mnemonic-file <file>', kind: 'text', help: 'a file with the secret' },
  { name: 'key-type', flag: '-k, --key-type <type>', kind: 'text', help: 'sr25519 or ed25519', fallback: ['sr25519'] },
  {
    name: 'redis',
    flag: '-r, --redis <url>',
    kind: 'text',
    help: 'Redis of the programs',
    fallback: ['redis://localhost:6379'],
  },
  {
    name: 'substrate',
    flag: '-s, --substrate <url>',
    kind: 'list',
    help: 'a tfchain node; repeat for more',
    fallback: ['wss://tfchain.grid.tf:443'],
  },
  {
    name: 'relay',
    flag: '--relay <url>',
    kind: 'list',
    help: 'a relay, by its domain name; repeat for up to 4',
    fallback: ['wss://relay.grid.tf:443'],
  },
  { name: 'no-update', flag: '--no-update', kind: 'switch', help: 'do not write the twin on chain' },
  {
    name: 'keep-relays',
    flag: '--keep-relays',
    kind: 'switch',
    help: 'keep other relays of the twin on chain, and add these',
  },
  {
    name: 'keep-on-chain',
    flag: '--keep-on-chain',
    kind: 'switch',
    help: 'write relays and key on chain again after another program changed them, at most once an hour',
  },
  {
    name: 'allow',
    flag: '--allow <twin>',
    kind: 'list',
    help: 'a twin that may call the services here; repeat for more. Without it all twins may call',
  },
  {
    name: 'allow-for',
    flag: '--allow-for <cmd=twins>',
    kind: 'list',
    help: 'the twins that may call one command, instead of --allow, as wallet.pay=7,12; repeat for more',
  },
  {
    name: 'served',
    flag: '--served <cmd>',
    kind: 'list',
    help: 'a command that programs here serve; repeat for more. All other commands are refused at once',
  },
  {
    name: 'require-cipher',
    flag: '--require-cipher',
    kind: 'switch',
    help: 'refuse plain requests of twins that have a key on chain',
  },
  {
    name: 'plugin',
    flag: '--plugin <file>',
    kind: 'list',
    help: 'a JavaScript module that serves commands inside the peer; repeat for more',
  },
  { name: 'uploads', flag: '-u, --uploads <dir>', kind: 'text', help: 'accepted and ignored', isHidden: true },
  { name: 'debug', flag: '-d, --debug', kind: 'count', help: 'log more; twice for everything' },
  {
    name: 'status',
    flag: '--status <[host:]port>',
    kind: 'text',
    help: 'serve /healthz, /readyz and /metrics there; on 127.0.0.1 unless a host is given',
  },
];

/** `RMB_KEY_TYPE` for `key-type`. */
export function variableOf(name: string): string {
  return `RMB_${name.toUpperCase().replaceAll('-', '_')}`;
}
