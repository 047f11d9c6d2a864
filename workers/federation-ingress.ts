import type { Parcel, TwinLookup, Verdict } from '../durable-objects/contract.ts';
import { isOurs } from '../durable-objects/domains.ts';
import type { Settings } from '../durable-objects/settings.ts';
import { VIA } from '../durable-objects/twin/federation/post.ts';
import { isSid } from '../durable-objects/twin/sid.ts';
import { decodeEnvelope, type Envelope, expiresAt, hasTag, isExpired } from '../proto/envelope.ts';
import { checkPlausible, implausibleText } from '../proto/plausible.ts';
import { PORTABLE } from '../proto/portable.ts';
import { relayName } from '../proto/relay-name.ts';
import { checkSeal, sealFaultText } from '../proto/seal/seal.ts';
import { signatureFaultText, verifyEnvelope } from '../proto/signature.ts';
import { signedString } from '../proto/signed-string.ts';
import { relayDomainOf, relayDomains, type Twin } from '../proto/twin.ts';
import { type BodyFault, readBounded } from './bounded-body.ts';
import { judgeHead, sourceFault } from './ingress-head.ts';
import type { HttpRefusal } from './refusal.ts';

/** What the ingress needs. */
export interface IngressPort {
  /** Unix seconds. */
  now(): number;
  lookup(twin: number): Promise<TwinLookup>;
  /** Reads a twin from the chain again, unless that was done a moment ago, or too much has been read. */
  refresh(twin: number): Promise<TwinLookup | 'recent' | 'spent'>;
  /** Counts what a twin sends; false when its budget is spent. */
  spend(twin: number, bytes: number): boolean;
  /** Whether an envelope of this digest was answered 202 a moment ago; `answered` notes that it was. */
  wasAnswered(digest: string): boolean;
  answered(digest: string): void;
  /** An envelope was taken before, and is not delivered again. */
  repeated(): void;
  /** The receiving end; rejects when the twin's object dies in the call. */
  deliver(twin: number, parcel: Parcel): Promise<Verdict | undefined>;
}

/**
 * Takes an envelope that another relay brings. Everything is checked here, in the stateless Worker, before any
 * object is touched; nothing is ever passed on to a third relay.
 * @returns why it is refused; undefined when it is delivered or stored
 */
export async function takeIn(
  request: Request,
  settings: Settings,
  port: IngressPort,
): Promise<HttpRefusal | undefined> {
  const own = settings.relayDomains.length > 0 ? settings.relayDomains : [relayDomainOf(new URL(request.url))];
  const { verify } = settings.federation;
  const body = await readBounded(request, settings.maxEnvelopeBytes, (head) => judgeHead(head, verify, port.lookup));
  const via = request.headers.get(VIA);
  if (via !== null && isOurs([relayName(via) ?? via], own)) return refusal('loop', `loop: ${via} is this relay itself`);
  if (!body.ok) return bodyRefusal(body, settings.maxEnvelopeBytes);
  const { bytes } = body;
  const decoded = decodeEnvelope(bytes);
  if (!decoded.ok) return refusal('not-an-envelope', `bad request: ${decoded.error.detail}`);
  const envelope = decoded.value;
  // Errors "from twin 0" are a relay's own word to its own session: never another relay's.
  const source = envelope.source?.twin ?? 0;
  if (source === 0) return refusal('source-missing', 'source twin is missing');
  let digest: string | undefined;
  if (verify) {
    if (isExpired(envelope, port.now())) return refusal('expired', 'message has expired');
    const doubt = doubtOf(envelope, port.now());
    if (doubt !== undefined) return doubt;
    const fault = await signatureFault(envelope, source, port);
    if (fault !== undefined) return fault;
    digest = PORTABLE.sha256Text(signedString(envelope));
    if (port.wasAnswered(digest)) {
      port.repeated();
      return undefined;
    }
  }
  if (!port.spend(source, bytes.length))
    return refusal('budget-spent', `twin ${source} has sent too much, try again later`);
  const refused = await bring(envelope, bytes, digest, own, port);
  if (refused === undefined && digest !== undefined) port.answered(digest);
  return refused;
}

function bodyRefusal(fault: BodyFault<HttpRefusal>, most: number): HttpRefusal {
  switch (fault.reason) {
    case 'too-large':
      return refusal('too-large', `bad request: more than ${most} bytes`);
    case 'too-slow':
      return refusal('slow-body', 'the body came too slowly: at most 10 s, and 1 s more for each MiB, try again');
    case 'cut':
      return refusal('cut-body', 'the connection was lost before the end of the body, send it again');
    case 'busy':
      return refusal('large-bodies', 'this relay reads too many large bodies at once, try again later');
    case 'refused':
      return fault.fault;
  }
}

/**
 * Says why an envelope is not believed whatever its signature says; undefined when it may be. Of replies the seal is
 * not looked at: only the twin that asked knows the seal of its own request, which a Rust peer copies into an error.
 */
function doubtOf(envelope: Envelope, now: number): HttpRefusal | undefined {
  const plausible = checkPlausible(envelope, now);
  if (!plausible.ok) return refusal('implausible', implausibleText(plausible.error));
  if (envelope.content?.kind !== 'request') return undefined;
  const seal = checkSeal(envelope);
  return seal.ok ? undefined : refusal('seal', `invalid envelope signature: ${sealFaultText(seal.error)}`);
}

/** What is wrong about the signature; undefined when it is the source twin's. */
async function signatureFault(envelope: Envelope, source: number, port: IngressPort): Promise<HttpRefusal | undefined> {
  const known = await port.lookup(source);
  if (!('found' in known)) return sourceFault(source, known);
  const checked = await verifyEnvelope(envelope, known.found.account);
  if (checked.ok) return undefined;
  const fault = refusal('envelope-signature', signatureFaultText(checked.error));
  if (checked.error.reason !== 'mismatch') return fault;
  // The twin may have another key since we last read it.
  const fresh = await port.refresh(source);
  if (fresh === 'recent') return fault;
  // Nobody can tell now: it may come again.
  if (fresh === 'spent' || 'unavailable' in fresh) {
    return refusal('lookup-failed', `the key of twin ${source} cannot be read again just now`);
  }
  if (!('found' in fresh) || isSameKey(fresh.found, known.found)) return fault;
  return (await verifyEnvelope(envelope, fresh.found.account)).ok ? undefined : fault;
}

/** Brings a checked envelope to its twin, if that is at home or connected here. */
async function bring(
  envelope: Envelope,
  bytes: Uint8Array,
  digest: string | undefined,
  own: readonly string[],
  port: IngressPort,
): Promise<HttpRefusal | undefined> {
  const to = envelope.destination;
  if (to === undefined || to.twin === 0) return refusal('destination-missing', 'destination twin is missing');
  if (!isSid(to.connection))
    return refusal('unknown-destination', 'destination session has a sid of more than 1024 bytes');
  const lookup = await port.lookup(to.twin);
  if ('unavailable' in lookup)
    return refusal('lookup-failed', `twin ${to.twin} cannot be looked up: ${lookup.unavailable}`);
  if ('unknown' in lookup) return refusal('unknown-destination', `destination twin ${to.twin} is not on chain`);
  const stores = isOurs(relayDomains(lookup.found.relay), own) && !hasTag(envelope.tags, 'fail-fast');
  const end = expiresAt(envelope);
  const parcel: Parcel = {
    sid: to.connection,
    bytes,
    ifAway: stores ? 'store' : 'return',
    expiresAt: end > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(end),
    digest,
  };
  let verdict: Verdict | undefined;
  try {
    verdict = await port.deliver(to.twin, parcel);
  } catch {
    // Its object died in the call. Who is not told 202 comes again.
  }
  if (verdict === 'repeat') port.repeated();
  return refusalOf(verdict);
}

function refusalOf(verdict: Verdict | undefined): HttpRefusal | undefined {
  switch (verdict) {
    case 'sent':
    case 'stored':
    case 'repeat':
      return undefined;
    case 'offline':
      return refusal('offline', 'destination offline');
    case 'full':
      return refusal('mailbox-full', 'mailbox of the destination is full, try again later');
    case 'share':
      return refusal('mailbox-share', 'its source fills its share of the mailbox of the destination, try again later');
    case 'expired':
      return refusal('expired', 'message has expired');
    case undefined:
      return refusal('undelivered', 'destination could not be reached inside the relay, try again');
  }
}

function isSameKey(a: Twin, b: Twin): boolean {
  return a.account.every((byte, index) => byte === b.account[index]);
}

function refusal(code: HttpRefusal['code'], message: string): HttpRefusal {
  return { code, message };
}
