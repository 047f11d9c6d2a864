import type { HttpRefusal } from './refusal.ts';

/** The period of the binding in wrangler.toml, seconds. Its counts are of one address at one location of the platform. */
const PERIOD = 60;

/** The port to the binding. */
interface Limiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** Refusals of tokens for which their address is charged. */
const CHARGED: ReadonlySet<HttpRefusal['code']> = new Set([
  'malformed-token',
  'expired-token',
  'long-token',
  'early-token',
  'other-audience',
  'bad-signature',
  'sid-too-long',
  'unknown-twin',
]);

/** Returns what is charged for a request: an IPv4 address, or the 64 bits of an IPv6 address that a customer has. */
export function addressOf(headers: Headers): string {
  const address = headers.get('cf-connecting-ip') ?? '';
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail = ''] = address.toLowerCase().split('::');
  const [first, last] = [head.split(':'), tail.split(':')].map((groups) => groups.filter(Boolean));
  const gap = Array.from({ length: Math.max(8 - (first?.length ?? 0) - (last?.length ?? 0), 0) }, () => '0');
  const groups = [...(first ?? []), ...gap, ...(last ?? [])].map((group) => group.replace(/^0+(?=.)/, ''));
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** Charges an address. Returns false if it is at its limit. A limiter that fails admits everybody. */
export async function charge(limiter: Limiter, address: string): Promise<boolean> {
  try {
    return (await limiter.limit({ key: address })).success;
  } catch {
    return true;
  }
}

/** Returns the refusal of an upgrade: as decided, or 429 if it is for a bad token, and its address had too many. */
export async function chargedRefusal(limiter: Limiter, address: string, refusal: HttpRefusal): Promise<HttpRefusal> {
  if (!CHARGED.has(refusal.code) || (await charge(limiter, address))) return refusal;
  return tooManyStrangers();
}

/** Returns the refusal of an address at its limit. */
export function tooManyStrangers(): HttpRefusal {
  return {
    code: 'too-many-strangers',
    message: 'too many refused tokens and unknown twins from this address',
    hint: 'twins that this relay knows may connect; others try again in a minute',
    retryAfter: PERIOD,
  };
}
