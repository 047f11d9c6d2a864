// The deployed Worker between objects that fail as the platform's do, for test/relay/platform-errors.test.ts.
// `PUT /faults` says how; `GET /faults` returns how many calls there were.
import type { TwinEnv } from '../../durable-objects/twin/twin-object.ts';
import relay, { TwinObject as Twin } from '../relay.ts';
import { plans, setFaults, usedFaults } from './faults.ts';
import { failStorage, faulty } from './objects.ts';

export { ChainWatcher, StatsObject, TwinResolver } from '../relay.ts';

export class TwinObject extends Twin {
  constructor(ctx: DurableObjectState, env: TwinEnv) {
    failStorage(ctx.storage, ctx.id.name ?? '');
    super(ctx, { ...env, TWIN: faulty(env.TWIN) });
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/faults') {
      const objects = { TWIN: faulty(env.TWIN), STATS: faulty(env.STATS), CHAIN_WATCHER: faulty(env.CHAIN_WATCHER) };
      return await relay.fetch(request, { ...env, ...objects }, ctx);
    }
    if (request.method === 'PUT') setFaults(plans.parse(await request.json()));
    return Response.json(usedFaults());
  },
  scheduled: relay.scheduled,
} satisfies ExportedHandler<Env>;
