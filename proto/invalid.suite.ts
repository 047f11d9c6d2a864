// Invalid vectors and their error texts on any host: tests run it in Node, workerd and Chromium.
import { hexToBytes } from '@noble/hashes/utils.js';
import { decodeBacklog } from './backlog.ts';
import { open } from './crypto/cipher.ts';
import { PORTABLE } from './crypto/portable.ts';
import type { Primitives } from './crypto/primitives.ts';
import { miniSecret } from './crypto/seed.ts';
import { signatureFaultText, verifySignature } from './crypto/signature.ts';
import { parseAddress } from './envelope/address.ts';
import { decodeEnvelope } from './envelope/envelope.ts';
import type { Result } from './result.ts';
import { checkToken, parseToken, tokenFaultText } from './token/token.ts';
import { relayDomains } from './twin.ts';
import { type Check, same } from './vectors.suite.ts';

/** test/vectors/invalid.json, of this project. Bytes are hex; `error` is the expected text. */
export interface InvalidVectors {
  readonly envelopes: readonly { readonly name: string; readonly bytes: string; readonly error: string }[];
  readonly backlogs: readonly { readonly name: string; readonly bytes: string; readonly error: string }[];
  readonly signatures: readonly {
    readonly name: string;
    readonly account: string;
    readonly message: string;
    readonly signature: string | null;
    readonly error: string;
  }[];
  readonly tokens: readonly {
    readonly name: string;
    readonly account: string;
    readonly now: number;
    readonly token: string;
    readonly error: string;
  }[];
  readonly secrets: readonly { readonly name: string; readonly secret: string; readonly error: string }[];
  readonly ciphers: readonly {
    readonly name: string;
    readonly key: string;
    readonly cipher: string;
    readonly error: string;
  }[];
  readonly addresses: readonly { readonly name: string; readonly address: string }[];
  readonly relays: readonly { readonly name: string; readonly relay: string }[];
}

function refusal<E>(result: Result<unknown, E>, text: (error: E) => string): string {
  return result.ok ? 'accepted' : text(result.error);
}

function refuses(room: string, name: string, expected: string, found: () => Promise<string> | string): Check {
  return { name: `${room}: ${name}`, run: async () => same(await found(), expected, 'refusal') };
}

async function tokenRefusal(token: string, account: string, now: number, by: Primitives): Promise<string> {
  const parsed = parseToken(token);
  if (!parsed.ok) return tokenFaultText(parsed.error);
  return refusal(await checkToken(parsed.value, hexToBytes(account), now, by), tokenFaultText);
}

/**
 * A check for each thing to refuse: that it is refused, and for that reason.
 * @param by who must refuse signatures and ciphers
 */
export function invalidChecks(vectors: InvalidVectors, by: Primitives = PORTABLE): Check[] {
  return [
    ...vectors.envelopes.map(({ name, bytes, error }) =>
      refuses('envelope', name, error, () => refusal(decodeEnvelope(hexToBytes(bytes)), (fault) => fault.detail)),
    ),
    ...vectors.backlogs.map(({ name, bytes, error }) =>
      refuses('backlog', name, error, () => refusal(decodeBacklog(hexToBytes(bytes)), (fault) => fault.detail)),
    ),
    ...vectors.signatures.map(({ name, account, message, signature, error }) =>
      refuses('signature', name, error, async () => {
        const bytes = signature === null ? undefined : hexToBytes(signature);
        return refusal(await verifySignature(hexToBytes(account), hexToBytes(message), bytes, by), signatureFaultText);
      }),
    ),
    ...vectors.tokens.map(({ name, token, account, now, error }) =>
      refuses('token', name, error, () => tokenRefusal(token, account, now, by)),
    ),
    ...vectors.secrets.map(({ name, secret, error }) =>
      refuses('secret', name, error, () => refusal(miniSecret(secret), (fault) => fault.detail)),
    ),
    ...vectors.ciphers.map(({ name, key, cipher, error }) =>
      refuses('cipher', name, error, async () =>
        refusal(await open(hexToBytes(key), hexToBytes(cipher), by), (fault) => fault.reason),
      ),
    ),
    ...vectors.addresses.map(({ name, address }) =>
      refuses('address', name, 'undefined', () => String(parseAddress(address))),
    ),
    ...vectors.relays.map(({ name, relay }) =>
      refuses('relay string', name, '[]', () => JSON.stringify(relayDomains(relay))),
    ),
  ];
}
