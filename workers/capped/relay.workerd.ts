// The deployed Worker between objects that take so many calls and frames a second, and no more, for `npm run bench:hot`
// and test/relay/gatherers.test.ts. `PUT /cap?rate=700` sets the rate, with `&of=7` that of one object; `GET /cap?objects=7` returns what the objects were
// given whose name begins so: a twin and its gatherers. `DELETE /cap?objects=7/3` ends an object as a crash does.
import type { Answer, Batch, GatheredAnswer } from '../../durable-objects/contract.ts';
import relay, { TwinObject as Twin } from '../relay.ts';
import { capOf, givenTo, setRate } from './cap.ts';

export { ChainWatcher, StatsObject, TwinResolver } from '../relay.ts';

export class TwinObject extends Twin {
  readonly #cap = capOf(this.ctx.id.name ?? '');

  /** Loses its memory and all its calls. */
  async die(): Promise<void> {
    this.ctx.abort('as a crash does');
  }

  override async deliver(batch: Batch): Promise<Answer> {
    this.#cap.call(Date.now());
    return await super.deliver(batch);
  }

  override async gathered(batches: readonly Batch[]): Promise<readonly GatheredAnswer[]> {
    this.#cap.call(Date.now());
    return await super.gathered(batches);
  }

  override async gather(twin: number, batch: Batch): Promise<Answer> {
    this.#cap.call(Date.now());
    return await super.gather(twin, batch);
  }

  override async receipts(packed: Uint8Array): Promise<void> {
    this.#cap.call(Date.now());
    await super.receipts(packed);
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    const wait = this.#cap.frame(Date.now());
    if (wait > 0) await scheduler.wait(wait);
    await super.webSocketMessage(socket, frame);
  }
}

type CappedEnv = Omit<Env, 'TWIN'> & { readonly TWIN: DurableObjectNamespace<TwinObject> };

export default {
  async fetch(request, env: CappedEnv, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== '/cap') return await relay.fetch(request, env, ctx);
    const objects = searchParams.get('objects') ?? '';
    if (request.method === 'PUT') setRate(Number(searchParams.get('rate')), searchParams.get('of'));
    if (request.method === 'DELETE')
      await env.TWIN.getByName(objects)
        .die()
        .catch(() => undefined);
    return Response.json(givenTo(objects));
  },
  scheduled: relay.scheduled,
} satisfies ExportedHandler<CappedEnv>;
