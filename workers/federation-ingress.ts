import type { Parcel, TwinLookup, Verdict } from '../durable-objects/contract.ts';
import { isOurs } from '../durable-objects/domains.ts';
import type { Settings } from '../durable-objects/settings.ts';
import { VIA } from '../durable-objects/twin/federation/post.ts';
import { decodeEnvelope, type Envelope, expiresAt, hasTag, isExpired } from '../proto/envelope.ts';
import { signatureFaultText, verifyEnvelope } from '../proto/signature.ts';
import { relayDomains, type Twin } from '../proto/twin.ts';
import { readBounded } from './bounded-body.ts';

/** What another relay reads: to a Rust relay only 202 is success, a 4xx is final, anything else comes again. */
export interface IngressAnswer {
  readonly status: 202 | 400 | 403 | 404 | 410 | 421 | 503;
  readonly text: string;
}

/** What the ingress needs. */
export interface IngressPort {
  /** Unix seconds. */
  now(): number;
  lookup(twin: number): Promise<TwinLookup>;
  /** Reads a twin from the chain again; undefined when that was done a moment ago. */
  refresh(twin: number): Promise<TwinLookup | undefined>;
  /** Counts what a twin sends; false when its budget is spent. */
  spend(twin: number, bytes: number): boolean;
  /** The receiving end; rejects when the twin's object dies in the call. */
  deliver(twin: number, parcel: Parcel): Promise<Verdict | undefined>;
}

/** When what was answered 503 may come again, seconds. */
export const RETRY_AFTER = 5;

const GONE: IngressAnswer = { status: 404, text: 'destination offline' };

/**
 * Takes an envelope that another relay brings. Everything is checked here, in the stateless Worker, before any
 * object is touched; nothing is ever passed on to a third relay. 202 means delivered or stored.
 */
export async function takeIn(request: Request, settings: Settings, port: IngressPort): Promise<IngressAnswer> {
  const own = settings.relayDomains.length > 0 ? settings.relayDomains : [new URL(request.url).host];
  const bytes = await readBounded(request, settings.maxEnvelopeBytes);
  const via = request.headers.get(VIA);
  if (via !== null && isOurs([via.toLowerCase()], own)) return answer(421, `loop: ${via} is this relay itself`);
  if (bytes === undefined) return answer(400, `bad request: more than ${settings.maxEnvelopeBytes} bytes`);
  const decoded = decodeEnvelope(bytes);
  if (!decoded.ok) return answer(400, `bad request: ${decoded.error.detail}`);
  const envelope = decoded.value;
  // Errors "from twin 0" are a relay's own word to its own session: never another relay's.
  const source = envelope.source?.twin ?? 0;
  if (source === 0) return answer(403, 'source twin is missing');
  if (settings.federation.verify) {
    if (isExpired(envelope, port.now())) return answer(410, 'message has expired');
    const fault = await signatureFault(envelope, source, port);
    if (fault !== undefined) return fault;
  }
  if (!port.spend(source, bytes.length)) return answer(503, `twin ${source} has sent too much, try again later`);
  return bring(envelope, bytes, own, port);
}

/** What is wrong about the signature; undefined when it is the source twin's. */
async function signatureFault(
  envelope: Envelope,
  source: number,
  port: IngressPort,
): Promise<IngressAnswer | undefined> {
  const known = await port.lookup(source);
  if ('unavailable' in known) return answer(503, `twin ${source} cannot be looked up: ${known.unavailable}`);
  if ('unknown' in known) return answer(403, `source twin ${source} is not on chain`);
  const checked = await verifyEnvelope(envelope, known.found.account);
  if (checked.ok) return undefined;
  const refusal = answer(403, signatureFaultText(checked.error));
  if (checked.error.reason !== 'mismatch') return refusal;
  // The twin may have another key since we last read it.
  const fresh = await port.refresh(source);
  if (fresh === undefined || !('found' in fresh) || isSameKey(fresh.found, known.found)) return refusal;
  return (await verifyEnvelope(envelope, fresh.found.account)).ok ? undefined : refusal;
}

/** Brings a checked envelope to its twin, if that is at home or connected here. */
async function bring(
  envelope: Envelope,
  bytes: Uint8Array,
  own: readonly string[],
  port: IngressPort,
): Promise<IngressAnswer> {
  const to = envelope.destination;
  if (to === undefined || to.twin === 0) return answer(404, 'destination twin is missing');
  const lookup = await port.lookup(to.twin);
  if ('unavailable' in lookup) return answer(503, `twin ${to.twin} cannot be looked up: ${lookup.unavailable}`);
  if ('unknown' in lookup) return answer(404, `destination twin ${to.twin} is not on chain`);
  const stores = isOurs(relayDomains(lookup.found.relay), own) && !hasTag(envelope.tags, 'fail-fast');
  const end = expiresAt(envelope);
  const parcel: Parcel = {
    sid: to.connection,
    bytes,
    ifAway: stores ? 'store' : 'return',
    expiresAt: end > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(end),
  };
  let verdict: Verdict | undefined;
  try {
    verdict = await port.deliver(to.twin, parcel);
  } catch {
    // Its object died in the call. Who is not told 202 comes again.
  }
  return answerTo(verdict);
}

function answerTo(verdict: Verdict | undefined): IngressAnswer {
  switch (verdict) {
    case 'sent':
    case 'stored':
      return answer(202, '');
    case 'offline':
      return GONE;
    case 'full':
      return answer(503, 'mailbox of the destination is full, try again later');
    case 'expired':
      return answer(410, 'message has expired');
    case undefined:
      return answer(503, 'destination could not be reached inside the relay, try again');
  }
}

function isSameKey(a: Twin, b: Twin): boolean {
  return a.account.every((byte, index) => byte === b.account[index]);
}

function answer(status: IngressAnswer['status'], text: string): IngressAnswer {
  return { status, text };
}
