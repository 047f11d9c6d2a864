import { DurableObject } from 'cloudflare:workers';
import type { WatcherRpc, WatcherStatus } from '../contract.ts';
import { logLine } from '../log.ts';
import { statsObject, twinObject } from '../objects.ts';
import { hasObject } from '../placement/has-object.ts';
import { settingsOf } from '../settings.ts';
import type { StatsObject } from '../stats/stats-object.ts';
import type { TwinObject } from '../twin/twin-object.ts';
import { mayHaveLeft } from './left.ts';
import { parseProgress } from './progress.ts';
import { Watcher } from './watcher.ts';

/** Ends in the number of the format. */
const PROGRESS = 'progress-1';
/** An alarm that is overdue by more than this was lost: a run ends within a few minutes. */
const OVERDUE_MS = 300_000;

export interface WatcherEnv {
  readonly TWIN: DurableObjectNamespace<TwinObject>;
  readonly STATS: DurableObjectNamespace<StatsObject>;
}

/** The only object that follows the chain, with an alarm for each block. A switchboard over `Watcher`. */
export class ChainWatcher extends DurableObject<WatcherEnv> implements WatcherRpc {
  readonly #watcher: Watcher;
  #isRunning = false;

  constructor(ctx: DurableObjectState, env: WatcherEnv) {
    super(ctx, env);
    const { kv } = ctx.storage;
    const { relayDomains, catchUpThreshold } = settingsOf(env);
    const port = {
      reader: ctx.exports.TwinResolver,
      reread: (twin: number, before: string | null | undefined, after: string | null, block: string) => {
        // The next block does not wait for the object of a twin.
        if (mayHaveLeft(before, after, relayDomains)) ctx.waitUntil(this.#tell(twin, block));
      },
      store: (progress: object) => kv.put(PROGRESS, progress),
      log: (event: string, details: object) => logLine('warn', event, details),
      now: () => Date.now(),
    };
    this.#watcher = new Watcher(port, parseProgress(kv.get(PROGRESS)), catchUpThreshold);
  }

  /** The watchdog, once a minute: arms the alarm if none is armed or it was lost. Harmless at any time. */
  async start(): Promise<void> {
    // While the alarm's handler runs, no alarm is armed. The handler arms the next one itself.
    if (this.#isRunning) return;
    const due = await this.ctx.storage.getAlarm();
    const now = Date.now();
    if (due === null || due < now - OVERDUE_MS) await this.ctx.storage.setAlarm(now);
  }

  /** Returns the state and counts of the watcher. */
  async status(): Promise<WatcherStatus> {
    return this.#watcher.status;
  }

  /** Has the object of a twin that left this relay look after its mail. */
  async #tell(twin: number, block: string): Promise<void> {
    const { TWIN, STATS } = this.env;
    try {
      const lookup = await this.ctx.exports.TwinResolver.lookup(twin);
      const region = 'found' in lookup ? lookup.region : undefined;
      if (!(await hasObject(twin, region, statsObject(STATS, settingsOf(this.env).relayRegion, twin)))) return;
      await twinObject(TWIN, twin, region).follow({ block });
    } catch (error) {
      // A sender that looks the twin up finds out as well.
      logLine('warn', 'mail-not-told', { twin, error: String(error) });
    }
  }

  override async alarm(): Promise<void> {
    const startedAt = Date.now();
    this.#isRunning = true;
    try {
      const wait = await this.#watcher.run();
      // Counted from the start: the run itself must not make the next block late.
      await this.ctx.storage.setAlarm(Math.max(startedAt + wait, Date.now()));
    } finally {
      this.#isRunning = false;
    }
  }
}
