import { err, ok, type Result } from '../proto/result.ts';
import { relayDomainOf } from '../proto/twin.ts';
import { type ConnectPort, checkSession } from './connect.ts';
import { type BodyFault, readBounded } from './federation/bounded-body.ts';
import type { HttpRefusal } from './refusal.ts';

/** No upgrade has a longer token, because the platform passes on no longer URL, bytes. */
const MAX_TOKEN_BYTES = 16_384;

/** The port of a posted token's check to the Worker. */
export interface CheckPort extends ConnectPort {
  /** Charges the address of a refused token. Returns its refusal, or another one if the address is at its limit. */
  charged(refusal: HttpRefusal): Promise<HttpRefusal>;
}

/** A token that an upgrade would be accepted with. */
interface Accepted {
  readonly twin: number;
  /** The relay's clock, Unix seconds. */
  readonly time: number;
}

/**
 * Checks a token that came as the body of `POST /check`, as `checkUpgrade` does: a page learns neither status nor body of
 * a refused upgrade. It wakes no object, so it knows nothing of the twin's sessions.
 */
export async function checkPosted(request: Request, port: CheckPort): Promise<Result<Accepted, HttpRefusal>> {
  const body = await readBounded<never>(request, MAX_TOKEN_BYTES, async () => undefined);
  if (!body.ok) return err(await port.charged(bodyRefusal(body)));
  if (body.bytes.length === 0) {
    return err({ code: 'missing-token', message: 'missing jwt', hint: 'post the token as the whole body' });
  }
  const host = relayDomainOf(new URL(request.url));
  const checked = await checkSession(new TextDecoder().decode(body.bytes), host, port);
  return checked.ok ? ok({ twin: checked.value.twin, time: port.now() }) : err(await port.charged(checked.error));
}

/** Returns the answer to `POST /check`. Pages of any origin may read it: it tells only about the token that they sent. */
export function checkResponse(accepted: Accepted): Response {
  const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  return forPages(Response.json(accepted, { headers }));
}

/** Lets pages of any origin read a response. */
export function forPages(response: Response): Response {
  response.headers.set('access-control-allow-origin', '*');
  return response;
}

function bodyRefusal({ reason }: BodyFault<never>): HttpRefusal {
  if (reason === 'too-large') {
    return { code: 'malformed-token', message: `invalid jwt: it has more than ${MAX_TOKEN_BYTES} bytes` };
  }
  const code = reason === 'too-slow' ? 'slow-body' : 'cut-body';
  return { code, message: 'the token did not arrive as a whole: post it again' };
}
