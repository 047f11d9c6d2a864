import type { TwinLookup } from '../durable-objects/contract.ts';
import { MAX_SID_BYTES } from '../durable-objects/twin/attachment.ts';
import type { SessionRequest } from '../durable-objects/twin/session-request.ts';
import type { Result } from '../proto/result.ts';
import { err, ok } from '../proto/result.ts';
import { checkToken, parseToken, tokenFaultText } from '../proto/token.ts';

/** Why a connection was refused: the status and body that the Rust relay answers (PROTOCOL §5). */
export interface ConnectRefusal {
  readonly status: 400 | 401 | 500;
  readonly text: string;
}

/** What a check of a connection needs. */
export interface ConnectPort {
  lookup(twin: number): Promise<TwinLookup>;
  /** Unix seconds. */
  now(): number;
}

/**
 * Checks a WebSocket upgrade `…?<jwt>` (the whole query is the token): form, twin on chain, life, signature.
 * Nothing but this stateless check happens for a stranger: no object wakes.
 */
export async function checkUpgrade(
  request: Request,
  port: ConnectPort,
): Promise<Result<SessionRequest, ConnectRefusal>> {
  const question = request.url.indexOf('?');
  if (question < 0) return refuse(400, 'missing jwt');
  const token = parseToken(request.url.slice(question + 1));
  if (!token.ok) return refuse(401, tokenFaultText(token.error));
  const { sub: twin, sid } = token.value.claims;
  if (sid !== undefined && new TextEncoder().encode(sid).length > MAX_SID_BYTES) {
    return refuse(401, `invalid jwt: sid is longer than ${MAX_SID_BYTES} bytes`);
  }
  const lookup = await port.lookup(twin);
  if ('unavailable' in lookup) return refuse(500, `twin ${twin} cannot be looked up: ${lookup.unavailable}`);
  if ('unknown' in lookup) return refuse(401, `twin not found ${twin}`);
  const claims = await checkToken(token.value, lookup.found.account, port.now());
  if (!claims.ok) return refuse(401, tokenFaultText(claims.error));
  const fault = handshakeFault(request.headers);
  if (fault !== undefined) return refuse(500, fault);
  return ok({ twin, sid, host: new URL(request.url).host });
}

/** RFC 6455 §4.2.1, in the Rust relay's words. */
function handshakeFault(headers: Headers): string | undefined {
  if (headers.get('sec-websocket-version') !== '13') return 'No "Sec-WebSocket-Version: 13" header';
  if (headers.get('sec-websocket-key') === null) return 'No "Sec-WebSocket-Key" header';
  return undefined;
}

function refuse(status: ConnectRefusal['status'], text: string): Result<never, ConnectRefusal> {
  return err({ status, text });
}
