import type { TwinLookup } from '../../durable-objects/contract.ts';
import { statsObject, twinObject } from '../../durable-objects/objects.ts';
import { hasObject } from '../../durable-objects/placement/has-object.ts';
import { sparing } from '../../durable-objects/placement/sparing.ts';
import { settingsOf } from '../../durable-objects/settings.ts';
import type { Count } from '../../durable-objects/stats/catalogue.ts';
import {
  BATCH_TYPE,
  OUTCOME,
  type Outcome,
  TAKES_BATCH,
} from '../../durable-objects/twin/federation/relays/outcome.ts';
import { receiverOf } from '../../durable-objects/twin/receive/batch.ts';
import { encodeBatchAnswers } from '../../proto/batch/batch-answers.ts';
import { BATCH_VERSION } from '../../proto/batch/relay-batch.ts';
import { knownTwins } from '../known-twins.ts';
import { objectFailed } from '../object-failed.ts';
import { workerCount } from '../operator/worker-counts.ts';
import { type HttpRefusal, statusOf } from '../refusal.ts';
import { refuse } from '../refuse.ts';
import { verify } from '../verify.ts';
import { AcceptedEnvelopes } from './accepted-envelopes.ts';
import { FederationBudget } from './federation-budget.ts';
import { takeBatchIn, takeIn } from './federation-ingress.ts';
import type { IngressPort, Taken } from './ingress-port.ts';

/**
 * Between the delivery of a batch and its answer. By then the bytes have left this process: a relay that dies in between
 * has not answered, so that the batch is sent again. Otherwise a whole batch could be lost in that instant.
 */
const LEAVE_MS = 20;

// Of this isolate: may vanish at any time.
const budget = new FederationBudget();
const accepted = new AcceptedEnvelopes();

/** The resolver, as the Worker reaches it. */
interface Resolver {
  lookup(id: number): Promise<TwinLookup>;
  refresh(id: number): Promise<TwinLookup>;
}

/** POST /: an envelope, or a batch of them, from another relay. */
export async function federationIn(
  request: Request,
  env: Env,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  resolver: Resolver,
): Promise<Response> {
  const settings = settingsOf(env);
  const port = portOf(env, ctx, resolver);
  if (request.headers.get('content-type') === BATCH_TYPE) {
    const taken = await takeBatchIn(request, settings, port);
    if ('code' in taken) return refuseRelay(env, ctx, 'refused', taken);
    if (taken.some(({ outcome }) => outcome === 'delivered')) await scheduler.wait(LEAVE_MS);
    return batchResponse(taken, port.count);
  }
  const taken = await takeIn(request, settings, port);
  if ('refusal' in taken) return refuseRelay(env, ctx, taken.outcome, taken.refusal);
  return new Response(null, { status: 202, headers: { [OUTCOME]: taken.outcome, ...TAKES } });
}

const TAKES = { [TAKES_BATCH]: String(BATCH_VERSION) };

/** Returns the response to a batch: the status and outcome of each envelope. Refusals are counted as if they were alone. */
function batchResponse(taken: readonly Taken[], count: Count): Response {
  const answers = taken.map((each) => {
    if (!('refusal' in each)) return { status: 202, outcome: each.outcome };
    count('relay_refused_requests_total', 1, each.refusal.code);
    return { status: statusOf(each.refusal.code), outcome: each.outcome };
  });
  const headers = { 'content-type': BATCH_TYPE, 'cache-control': 'no-store', ...TAKES };
  return new Response(encodeBatchAnswers(answers), { status: 200, headers });
}

function refuseRelay(
  env: Env,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  outcome: Outcome,
  refusal: HttpRefusal,
): Response {
  const response = refuse(env, ctx, refusal);
  response.headers.set(OUTCOME, outcome);
  response.headers.set(TAKES_BATCH, String(BATCH_VERSION));
  return response;
}

function portOf(env: Env, ctx: Pick<ExecutionContext, 'waitUntil'>, resolver: Resolver): IngressPort {
  const settings = settingsOf(env);
  const { rateLimit } = settings;
  const count = workerCount(env, ctx);
  const look = (twin: number) => resolver.lookup(twin);
  const reread = (twin: number) => resolver.refresh(twin);
  return {
    now: () => Math.floor(Date.now() / 1000),
    verify,
    lookup: (twin) => knownTwins.lookup(twin, Date.now(), look),
    refresh: async (twin) => {
      const when = budget.refresh(twin, Date.now());
      return when === 'now' ? await knownTwins.renew(twin, Date.now(), reread) : when;
    },
    spend: (twin, bytes) => budget.spend(twin, bytes, rateLimit, Date.now()),
    count,
    wasAccepted: (digest) => accepted.has(digest, Date.now()),
    accepted: (digest) => accepted.note(digest, Date.now()),
    deliver: async (twin, envelopes) => {
      const region = knownTwins.regionOf(twin, Date.now());
      const object = twinObject(env.TWIN, twin, region ?? settings.defaultRegion);
      const stats = statsObject(env.STATS, settings.relayRegion, twin);
      const receiver = sparing(receiverOf(object), () => hasObject(twin, region, stats));
      const verdicts = await receiver.deliver(envelopes);
      const stored = verdicts.filter((verdict) => verdict === 'stored').length;
      if (stored > 0) count('relay_messages_stored_total', stored);
      return verdicts;
    },
    failed: (twin, error) => objectFailed(env, ctx, { call: 'deliver', twin }, error),
    keptHere: (twin, host) => ctx.waitUntil(follow(env, twin, host)),
  };
}

/** Has the twin's object look whether another relay has the session by now. */
async function follow(env: Env, twin: number, host: string): Promise<void> {
  try {
    // The object has mail, so it is made already, wherever it is.
    await twinObject(env.TWIN, twin, undefined).follow({ host });
  } catch {
    // The object is away for a moment. Its mail stays where it is.
  }
}
