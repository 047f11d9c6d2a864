// The deployed Worker with a meter on each of its objects, for test/cost.test.ts. `GET /meter` answers what was used,
// `DELETE /meter` counts from nothing.
import { env as bindings } from 'cloudflare:workers';
import type { Parcel, StatsSnapshot, TwinGauges, TwinLookup, Verdict } from '../../durable-objects/contract.ts';
import type { Counts } from '../../durable-objects/stats/counts.ts';
import type { TwinEnv } from '../../durable-objects/twin/wiring.ts';
import relay, { StatsObject as Stats, TwinObject as Twin, TwinResolver as Resolver } from '../relay.ts';
import { meterOf, reset, tap, use, worker } from './meter.ts';

export { ChainWatcher } from '../relay.ts';

tap(bindings.TWINS, 'get', () => void (worker.kvReads += 1));
tap(bindings.TWINS, 'put', () => void (worker.kvWrites += 1));

export class TwinObject extends Twin {
  readonly #meter;

  constructor(ctx: DurableObjectState, env: TwinEnv) {
    const meter = meterOf('TwinObject', ctx);
    super(ctx, env);
    this.#meter = meter;
  }

  override async fetch(request: Request): Promise<Response> {
    this.#meter.use.calls += 1;
    return await this.#meter.during(super.fetch(request));
  }

  override async deliver(batch: readonly Parcel[]): Promise<Verdict[]> {
    this.#meter.use.calls += 1;
    return await this.#meter.during(super.deliver(batch));
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    this.#meter.use.frames += 1;
    await this.#meter.during(super.webSocketMessage(socket, frame));
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

export class TwinResolver extends Resolver {
  override async lookup(id: number): Promise<TwinLookup> {
    worker.lookups += 1;
    return await super.lookup(id);
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/meter') {
      worker.requests += 1;
      return await relay.fetch(request, env, ctx);
    }
    const used = Response.json(use());
    if (request.method === 'DELETE') reset();
    return used;
  },
  scheduled: relay.scheduled,
} satisfies ExportedHandler<Env>;
