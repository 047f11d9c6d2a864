import type { Parcel, TwinLookup } from '../durable-objects/contract.ts';
import { twinObject } from '../durable-objects/objects.ts';
import { settingsOf } from '../durable-objects/settings.ts';
import { receiverOf } from '../durable-objects/twin/parcels.ts';
import { Answered } from './answered.ts';
import { FederationBudget } from './federation-budget.ts';
import { takeIn } from './federation-ingress.ts';
import { knownTwins } from './known-twins.ts';
import { refuse } from './refuse.ts';
import { countRefusal, countTraffic } from './worker-counts.ts';

// Of this isolate: may vanish at any time.
const budget = new FederationBudget();
const answered = new Answered();

/** The resolver, as the Worker reaches it. */
interface Resolver {
  lookup(id: number): Promise<TwinLookup>;
  refresh(id: number): Promise<TwinLookup>;
}

/** POST /: what another relay brings. */
export async function federationIn(
  request: Request,
  env: Env,
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  resolver: Resolver,
): Promise<Response> {
  const settings = settingsOf(env);
  const look = (twin: number) => resolver.lookup(twin);
  const reread = (twin: number) => resolver.refresh(twin);
  const refusal = await takeIn(request, settings, {
    now: () => Math.floor(Date.now() / 1000),
    lookup: (twin) => knownTwins.lookup(twin, Date.now(), look),
    refresh: async (twin) => {
      const may = budget.refresh(twin, Date.now());
      return may === 'now' ? await knownTwins.renew(twin, Date.now(), reread) : may;
    },
    spend: (twin, bytes) => budget.spend(twin, bytes, settings.rateLimit, Date.now()),
    wasAnswered: (digest) => answered.has(digest, Date.now()),
    answered: (digest) => answered.note(digest, Date.now()),
    repeated: () => countRefusal(env, ctx, 'relay_messages_dropped_total', 'repeat'),
    deliver: async (twin, parcel: Parcel) => {
      const [verdict] = await receiverOf(twinObject(env.TWIN, twin)).deliver([parcel]);
      if (verdict === 'stored') countTraffic(env, ctx, 'relay_messages_stored_total');
      return verdict;
    },
  });
  return refusal === undefined ? new Response(null, { status: 202 }) : refuse(env, ctx, refusal);
}
