import { base64urlnopad } from '@scure/base';
import { ask, statusLine, upgradeHeaders } from './http.ts';
import { type Stage, unixNow } from './stage.ts';
import type { Role } from './twins.ts';

const json = (value: object) => base64urlnopad.encode(new TextEncoder().encode(JSON.stringify(value)));

/** Resolves with a token of any claims and header, signed by the caller or by `signer`, and with its parts. */
export async function tokenOf(
  stage: Stage,
  claims: object,
  header: object = { alg: 'RS512' },
  signer: Role = 'caller',
): Promise<{ body: string; signature: Uint8Array; token: string }> {
  const body = `${json(header)}.${json(claims)}`;
  const signature = await stage.subject.cast[signer].identity.sign(new TextEncoder().encode(body));
  return { body, signature, token: `${body}.${base64urlnopad.encode(signature)}` };
}

/** Returns valid claims of the caller, seconds from now. */
export function claimsOf(stage: Stage, { iat = 0, exp = 60 } = {}): { sub: number; iat: number; exp: number } {
  return { sub: stage.subject.cast.caller.id, iat: unixNow() + iat, exp: unixNow() + exp };
}

/** Resolves with the answer to a WebSocket upgrade in one line. @param text the reference's, which JSON may contain */
export async function upgrade(stage: Stage, path: string, headers = {}, method = 'GET', text = ''): Promise<string> {
  return statusLine(await ask(stage.subject, { method, path, headers: upgradeHeaders(headers) }), text);
}
