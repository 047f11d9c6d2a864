import { DurableObject } from 'cloudflare:workers';
import type { WatcherRpc, WatcherStatus } from '../contract.ts';
import { settingsOf } from '../settings.ts';
import { parseProgress } from './progress.ts';
import { Watcher } from './watcher.ts';

const PROGRESS = 'progress';
/** An alarm that is due for longer than this was lost (ms): a run ends within a few minutes. */
const OVERDUE_MS = 300_000;

/** The one object that follows the chain: an alarm for every block. A switchboard over `Watcher`. */
export class ChainWatcher extends DurableObject<object> implements WatcherRpc {
  readonly #watcher: Watcher;
  #isRunning = false;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    const { kv } = ctx.storage;
    const port = {
      reader: ctx.exports.TwinResolver,
      keep: (progress: object) => kv.put(PROGRESS, progress),
      log: (event: string, details: object) => console.warn(JSON.stringify({ event, ...details })),
      now: () => Date.now(),
    };
    this.#watcher = new Watcher(port, parseProgress(kv.get(PROGRESS)), settingsOf(env).catchUpThreshold);
  }

  /** The watchdog, once a minute: arms the alarm if none is armed, or if it was lost. Harmless at any time. */
  async start(): Promise<void> {
    // While an alarm's handler runs none is armed; it arms the next one itself.
    if (this.#isRunning) return;
    const due = await this.ctx.storage.getAlarm();
    const now = Date.now();
    if (due === null || due < now - OVERDUE_MS) await this.ctx.storage.setAlarm(now);
  }

  async status(): Promise<WatcherStatus> {
    return this.#watcher.status;
  }

  override async alarm(): Promise<void> {
    const began = Date.now();
    this.#isRunning = true;
    try {
      const wait = await this.#watcher.run();
      // Counted from the beginning: the run itself must not make the next block late.
      await this.ctx.storage.setAlarm(Math.max(began + wait, Date.now()));
    } finally {
      this.#isRunning = false;
    }
  }
}
