import type { TwinLookup } from '../../durable-objects/contract.ts';
import { isOwnRelay, ownDomains } from '../../durable-objects/domains.ts';
import type { Settings } from '../../durable-objects/settings.ts';
import { IF_AWAY, RETURN } from '../../durable-objects/twin/federation/relays/outcome.ts';
import { VIA } from '../../durable-objects/twin/federation/relays/post.ts';
import { decodeRelayBatch, MOST_BATCH_BYTES } from '../../proto/batch/relay-batch.ts';
import { relayName } from '../../proto/relay-name.ts';
import { relayDomainOf } from '../../proto/twin.ts';
import type { HttpRefusal } from '../refusal.ts';
import { type BodyFault, readBounded } from './bounded-body.ts';
import { type Checked, checkEnvelope } from './envelope-check.ts';
import { deliverTo, UNANSWERED } from './ingress-delivery.ts';
import { judgeHead } from './ingress-head.ts';
import { type IngressPort, type Refused, refused, type Taken } from './ingress-port.ts';

/**
 * Takes an envelope from another relay. Everything is checked here, in the stateless Worker, before any object wakes.
 * Nothing is forwarded to a third relay.
 */
export async function takeIn(request: Request, settings: Settings, port: IngressPort): Promise<Taken> {
  const own = ownOf(request, settings);
  const { verify } = settings.federation;
  const read = await readBody(request, settings.maxEnvelopeBytes, own, (head) => judgeHead(head, verify, port.lookup));
  if ('refusal' in read) return read;
  const mayStore = request.headers.get(IF_AWAY) !== RETURN;
  const checked = await checkEnvelope({ bytes: read.bytes, mayStore }, verify, port);
  if ('outcome' in checked) return checked;
  const [taken = UNANSWERED] = await deliverTo(destinationOf(checked), [checked], own, port);
  return taken;
}

/**
 * Takes a batch of envelopes from another relay. Each is checked as if it had come alone. Those for one twin reach its
 * object in one call.
 * @returns the outcome of each envelope, in order; or why the whole batch is refused
 */
export async function takeBatchIn(
  request: Request,
  settings: Settings,
  port: IngressPort,
): Promise<readonly Taken[] | HttpRefusal> {
  const own = ownOf(request, settings);
  // A batch is no large body: nothing of it is judged before its end.
  const read = await readBody(request, MOST_BATCH_BYTES, own, async () => undefined);
  if ('refusal' in read) return read.refusal;
  const batch = decodeRelayBatch(read.bytes);
  if (!batch.ok) return { code: 'not-a-batch', message: `bad request: ${batch.error}` };
  const most = settings.maxEnvelopeBytes;
  const remembering = rememberLookups(port);
  const taken: (Taken | undefined)[] = [];
  const byTwin = new Map<number, { readonly place: number; readonly checked: Checked }[]>();
  // One after another: the first one that finds a changed key has it read for those behind it.
  for (const [place, each] of batch.value.entries()) {
    const isLarge = each.bytes.length > most;
    const checked = isLarge ? tooLarge(most) : await checkEnvelope(each, settings.federation.verify, remembering);
    if ('outcome' in checked) taken[place] = checked;
    else {
      const to = destinationOf(checked);
      const group = byTwin.get(to) ?? [];
      byTwin.set(to, group);
      group.push({ place, checked });
    }
  }
  const deliver = async ([to, group]: [number, { readonly place: number; readonly checked: Checked }[]]) => {
    const outcomes = await deliverTo(
      to,
      group.map(({ checked }) => checked),
      own,
      remembering,
    );
    for (const [n, { place }] of group.entries()) taken[place] = outcomes[n];
  };
  await Promise.all([...byTwin].map(deliver));
  return batch.value.map((_, place) => taken[place] ?? UNANSWERED);
}

/** Returns the names of this relay. */
function ownOf(request: Request, settings: Settings): readonly string[] {
  return ownDomains(settings.relayDomains, relayDomainOf(new URL(request.url)));
}

function destinationOf({ envelope }: Checked): number {
  return envelope.destination?.twin ?? 0;
}

/** Looks each twin up once: a batch is mostly from one twin and for few. */
function rememberLookups(port: IngressPort): IngressPort {
  const known = new Map<number, Promise<TwinLookup>>();
  return {
    ...port,
    lookup: (twin) => {
      const looked = known.get(twin) ?? port.lookup(twin);
      known.set(twin, looked);
      return looked;
    },
    refresh: async (twin) => {
      const fresh = await port.refresh(twin);
      if (typeof fresh !== 'string') known.set(twin, Promise.resolve(fresh));
      return fresh;
    },
  };
}

/** Reads a body of at most `most` bytes that does not come from this very relay. */
async function readBody(
  request: Request,
  most: number,
  own: readonly string[],
  judge: (head: Uint8Array) => Promise<HttpRefusal | undefined>,
): Promise<{ readonly bytes: Uint8Array } | Refused> {
  const body = await readBounded(request, most, judge);
  const via = request.headers.get(VIA);
  if (via !== null && isOwnRelay([relayName(via) ?? via], own))
    return refused('loop', `loop: ${via} is this relay itself`);
  return body.ok ? { bytes: body.bytes } : bodyRefusal(body, most);
}

function tooLarge(most: number): Refused {
  return refused('too-large', `bad request: more than ${most} bytes`);
}

function bodyRefusal(fault: BodyFault<HttpRefusal>, most: number): Refused {
  switch (fault.reason) {
    case 'too-large':
      return tooLarge(most);
    case 'too-slow':
      return refused('slow-body', 'the body came too slowly: at most 10 s, and 1 s more for each MiB, try again');
    case 'cut':
      return refused('cut-body', 'the connection was lost before the end of the body, send it again');
    case 'busy':
      return refused('large-bodies', 'this relay reads too many large bodies at once, try again later');
    case 'refused':
      return { outcome: 'refused', refusal: fault.fault };
  }
}
