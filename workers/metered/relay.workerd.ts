// The deployed Worker with a meter on each of its objects, for test/product/cost.test.ts. `GET /meter` returns the use,
// `DELETE /meter` resets it. `PUT /meter?handfuls=11,11,10` gives objects so many frames at a time, in turn.
import type {
  Answer,
  Batch,
  StatsSnapshot,
  TwinGauges,
  TwinLookup,
  WatcherStatus,
} from '../../durable-objects/contract.ts';
import type { Counts } from '../../durable-objects/stats/counts.ts';
import type { TwinEnv } from '../../durable-objects/twin/twin-object.ts';
import relay, {
  TwinResolver as Resolver,
  StatsObject as Stats,
  TwinObject as Twin,
  ChainWatcher as Watcher,
} from '../relay.ts';
import { Handfuls, handTogether } from './handfuls.ts';
import { meterLog, meterOf, reset, use, worker } from './meter.ts';

meterLog(console);

export class TwinObject extends Twin {
  readonly #meter;
  readonly #handfuls = new Handfuls();

  constructor(ctx: DurableObjectState, env: TwinEnv) {
    const meter = meterOf('TwinObject', ctx);
    super(ctx, env);
    this.#meter = meter;
  }

  override async fetch(request: Request): Promise<Response> {
    this.#meter.use.calls += 1;
    return await this.#meter.during(super.fetch(request));
  }

  override async deliver(batch: Batch): Promise<Answer> {
    this.#meter.use.calls += 1;
    return await this.#meter.during(super.deliver(batch));
  }

  override async receipts(packed: Uint8Array): Promise<void> {
    this.#meter.use.calls += 1;
    await this.#meter.during(super.receipts(packed));
  }

  /** Each batch on the line counts as a call as well, which is more than the platform bills. */
  override line() {
    this.#meter.use.calls += 1;
    return super.line();
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    this.#meter.use.frames += 1;
    await this.#meter.during(this.#handfuls.together().then(() => super.webSocketMessage(socket, frame)));
  }

  override async alarm(): Promise<void> {
    this.#meter.use.alarms += 1;
    await this.#meter.during(super.alarm());
  }
}

export class StatsObject extends Stats {
  readonly #meter;

  constructor(ctx: DurableObjectState, env: Env) {
    const meter = meterOf('StatsObject', ctx);
    super(ctx, env);
    this.#meter = meter;
  }

  override async add(counts: Counts, twin?: number, gauges?: TwinGauges): Promise<void> {
    this.#meter.use.calls += 1;
    await this.#meter.during(super.add(counts, twin, gauges));
  }

  override async snapshot(): Promise<StatsSnapshot> {
    this.#meter.use.calls += 1;
    return await this.#meter.during(super.snapshot());
  }
}

/** Other tests count what following the chain costs: watcher.test.ts and chain-events.test.ts. */
export class ChainWatcher extends Watcher {
  override async status(): Promise<WatcherStatus> {
    meterOf('ChainWatcher', this.ctx).use.calls += 1;
    return await super.status();
  }
}

export class TwinResolver extends Resolver {
  override async lookup(id: number): Promise<TwinLookup> {
    worker.lookups += 1;
    return await super.lookup(id);
  }
}

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== '/meter') {
      worker.requests += 1;
      return await relay.fetch(request, env, ctx);
    }
    const used = Response.json(use());
    if (request.method === 'DELETE') reset();
    if (request.method === 'PUT')
      handTogether(searchParams.get('handfuls')?.split(',').filter(Boolean).map(Number) ?? []);
    return used;
  },
  scheduled: relay.scheduled,
} satisfies ExportedHandler<Env>;
