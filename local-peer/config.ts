import { z } from 'zod';

const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a URL with ${protocols.join(' or ')}`,
  });

/** Programs compare relays by host: an address is no name that others can reach us by. */
const relay = url('ws:', 'wss:').refine(
  (text) => !/^\d+(\.\d+){3}$|^\[/.test(new URL(text).hostname),
  'must have a domain name',
);

const schema = z.object({
  secret: z.string().min(1, 'is required: words or a 0x seed'),
  keyType: z.enum(['sr25519', 'ed25519']),
  redis: url('redis:', 'rediss:'),
  substrate: z.array(url('ws:', 'wss:')).min(1),
  relays: z.array(relay).min(1).max(4, 'at most 4 relays'),
  update: z.boolean(),
  keepRelays: z.boolean(),
});

/** What a peer is started with. `secret` is never logged. */
export type PeerConfig = z.infer<typeof schema>;

const FLAGS: Record<string, string> = {
  secret: '--mnemonic',
  keyType: '--key-type',
  redis: '--redis',
  substrate: '--substrate',
  relays: '--relay',
};

/** Checks a configuration. @throws naming the flag that is wrong, never its value when that is secret */
export function parseConfig(input: unknown): PeerConfig {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? '');
  throw new Error(`${FLAGS[name] ?? name}: ${issue?.message}`);
}
