import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Run } from './run.ts';
import { readTwins } from './stage/twins.ts';
import { isTheme, ON_DEMAND, THEME_NAMES, type Theme } from './themes.ts';

export const USAGE = `npm run conformance -- --relay ws://HOST:PORT --chain ws://HOST:PORT [more]

Checks a relay from outside against the rules of docs/protocol.md. It writes on chain which relay its six twins have,
so start the relay afterwards, or let it follow the chain.

  --twins FILE            twins and secrets, JSON: [{ "id", "secret", "keyType" }]; default: the dev chain's six
  --domain NAME           the relay's name on chain; default: the host:port of --relay
  --only THEME            only this theme; repeat for more:
                          ${THEME_NAMES.slice(0, 8).join(', ')},
                          ${THEME_NAMES.slice(8).join(', ')}
  --limits COUNT,BYTES    the relay's limits of a minute: runs only the theme limits
  --federated-with URL    another relay that federates with this one: also runs the theme federated
  --fakes HOST:PORT,HOST:PORT   addresses of the suite's own relays; default: 127.0.0.1:8781,127.0.0.1:8782
  --tls KEY,CERT          files for TLS on these relays, because some relays POST only over https
  --patience SECONDS      time limit for expected answers; default: 5
  --json                  output for programs`;

/** An invalid flag; the message has the right form. */
export class UsageError extends Error {}

const url = z
  .string('is needed')
  .refine((text) => /^wss?:\/\/[^/]+\/?$/.test(text) && URL.canParse(text), 'must be ws://HOST:PORT or wss://HOST')
  .transform((text) => text.replace(/\/$/, ''));
const two = (form: string) => z.string().regex(/^[^,\s]+,[^,\s]+$/, `must be ${form}`);
const flags = z.object({
  relay: url,
  chain: z.string('is needed').regex(/^wss?:\/\/\S+$/, 'must be ws://HOST:PORT or wss://HOST'),
  twins: z.string().optional(),
  domain: z.string().optional(),
  only: z.array(z.string().refine(isTheme, `must be one of: ${THEME_NAMES.join(', ')}`)).optional(),
  limits: z
    .string()
    .regex(/^\d+,\d+$/, 'must be COUNT,BYTES, as 5,2000')
    .optional(),
  'federated-with': url.optional(),
  fakes: two('HOST:PORT,HOST:PORT').default('127.0.0.1:8781,127.0.0.1:8782'),
  tls: two('KEY,CERT, two files').optional(),
  patience: z.coerce.number().min(0.1).max(600).default(5),
  json: z.boolean().default(false),
});

/** Returns the options; undefined for --help. Throws UsageError when a flag is invalid. */
export async function readOptions(argv: readonly string[]): Promise<(Run & { readonly json: boolean }) | undefined> {
  const values = parsed(argv);
  if (values.help) return undefined;
  const checked = flags.safeParse(values);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new UsageError(`--${issue?.path[0] === undefined ? '' : String(issue.path[0])}: ${issue?.message}`);
  }
  const { relay, chain, limits, patience, json, fakes, tls, only, ...given } = checked.data;
  const [messages = 0, bytes = 0] = limits?.split(',').map(Number) ?? [];
  const [fakeA = '', fakeB = ''] = fakes.split(',');
  const otherRelay = given['federated-with'];
  return {
    relay,
    chain,
    twins: await readTwins(given.twins),
    domains: {
      relay: given.domain ?? new URL(relay).host,
      fakes: [fakeA, fakeB],
      other: otherRelay && new URL(otherRelay).host,
    },
    otherRelay,
    tls: tls === undefined ? undefined : await readTls(tls),
    limits: limits === undefined ? undefined : { messages, bytes },
    themes: themesOf(only, limits !== undefined, otherRelay !== undefined),
    patience: patience * 1000,
    json,
  };
}

function parsed(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        relay: text,
        chain: text,
        twins: text,
        domain: text,
        only: { ...text, multiple: true },
        limits: text,
        'federated-with': text,
        fakes: text,
        tls: text,
        patience: text,
        json: flag,
        help: { ...flag, short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A relay with limits would refuse the envelopes of the other themes. */
function themesOf(only: readonly Theme[] | undefined, hasLimits: boolean, hasOther: boolean): readonly Theme[] {
  if (only !== undefined) {
    const lacking = only.find((theme) => (theme === 'limits' && !hasLimits) || (theme === 'federated' && !hasOther));
    if (lacking !== undefined) throw new UsageError(`--only ${lacking} needs ${ON_DEMAND.get(lacking)}`);
    return THEME_NAMES.filter((theme) => only.includes(theme));
  }
  if (hasLimits) return ['limits'];
  return THEME_NAMES.filter((theme) => theme !== 'limits' && (theme !== 'federated' || hasOther));
}

async function readTls(files: string) {
  const [key = '', cert = ''] = await Promise.all(files.split(',').map((file) => readFile(file, 'utf8')));
  return { key, cert };
}
