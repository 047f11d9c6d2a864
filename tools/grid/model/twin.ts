import { Backoff } from '../../../client/session/backoff.ts';
import { Tally } from '../../../durable-objects/stats/tally.ts';
import { INPUTS, type Region } from '../inputs.ts';
import { PRODUCT } from '../product.ts';
import { Place } from './place.ts';
import type { World } from './world.ts';

/** A twin: its client with the product's back-off, and its object. */
export class Twin {
  readonly id: number;
  readonly region: Region;
  readonly place: Place;
  readonly #world: World;
  readonly #backoff: Backoff;
  readonly #tally = new Tally(0);
  readonly #known = new Map<number, number>();
  readonly #atHome: (() => void)[] = [];
  #mail: (() => void)[] = [];
  #mailed = 0;
  #lostAt: number | undefined;
  #connectedAt = 0;
  /** Whether its network reaches the relay. */
  hasNetwork = true;
  isConnected = true;
  /** Times from a loss to the next session, ms. */
  readonly awayMs: number[] = [];
  /** Attempts that failed, by reason. */
  readonly failures = new Map<string, number>();
  mostMail = 0;

  constructor(world: World, id: number, region: Region) {
    this.#world = world;
    this.id = id;
    this.region = region;
    this.place = new Place(region, INPUTS.platform);
    this.#backoff = new Backoff(() => world.random.next());
  }

  /** Its connection ends now. @param seenAfter ms until the client notices */
  lose(seenAfter = 0): void {
    const { now } = this.#world;
    if (!this.isConnected) return;
    this.isConnected = false;
    this.#lostAt = now;
    // A sign of life after the first one resets the back-off.
    if (now - this.#connectedAt >= PRODUCT.heartbeat.ping) this.#backoff.reset();
    this.#world.report(this.id, this.region);
    this.#retry(seenAfter);
  }

  /** Counts messages at the object, which reports them when it is time. */
  counted(messages: number): void {
    this.#tally.happened(messages);
    if (!this.#tally.isDue(this.#world.now)) return;
    this.#tally.take(this.#world.now);
    this.#world.billed.reports += 1;
    this.#world.report(this.id, this.region);
  }

  /** Looks a destination up, as the object does. Calls `done` once. */
  find(id: number, done: (isFound: boolean) => void): void {
    const { now } = this.#world;
    if ((this.#known.get(id) ?? 0) > now) {
      done(true);
      return;
    }
    this.#world.isolate(this.region).lookup(id, (isFound) => {
      if (isFound) {
        if (this.#known.size >= PRODUCT.rememberMost) this.#known.clear();
        this.#known.set(id, this.#world.now + PRODUCT.rememberMs);
      }
      done(isFound);
    });
  }

  /** Runs when the client is connected: now, or after it is back. */
  whenConnected(run: () => void): void {
    if (this.isConnected) run();
    else this.#atHome.push(run);
  }

  /** Hands envelopes to the client, or stores them. Returns false if the mailbox is full. */
  hand(count: number, run: () => void): boolean {
    if (this.isConnected) {
      run();
      return true;
    }
    if (this.#mailed + count > this.#world.setup.mailboxMessages) return false;
    this.#mail.push(run);
    this.#mailed += count;
    this.mostMail = Math.max(this.mostMail, this.#mailed);
    this.#world.requests.stored += count;
    this.place.awakeMs += PRODUCT.figures.stored.busyMs * count;
    return true;
  }

  #retry(seenAfter = 0): void {
    this.#world.agenda.at(this.#world.now + seenAfter + this.#backoff.next(), () => this.#attempt());
  }

  #attempt(): void {
    const { agenda, now } = this.#world;
    if (!this.hasNetwork) {
      agenda.at(now + PRODUCT.connectMs, () => this.#failed('no network'));
      return;
    }
    const until = now + PRODUCT.connectMs;
    agenda.at(now + INPUTS.network.handshakeWays * INPUTS.network.clientMs, () => this.#upgrade(until));
  }

  /** The Worker checks the token: its processor, then the look-up, then the twin's object. */
  #upgrade(until: number): void {
    const world = this.#world;
    const isolate = world.isolate(this.region);
    const since = world.now;
    world.billed.upgrades += 1;
    isolate.freeAt = Math.max(isolate.freeAt, world.now) + PRODUCT.figures.reconnection.cpuMs;
    world.agenda.at(isolate.freeAt, () =>
      isolate.lookup(this.id, (isFound) => {
        if (!isFound) return this.#failed('chain-unreachable');
        const handledAt = this.place.call(world.now + INPUTS.network.nearMs);
        const openAt = (handledAt ?? world.now) + INPUTS.network.nearMs + INPUTS.network.clientMs;
        if (handledAt === undefined) return this.#failed('overloaded');
        world.longestUpgradeMs = Math.max(world.longestUpgradeMs, openAt - since);
        if (openAt > until) return world.agenda.at(until, () => this.#failed('handshake timeout'));
        this.place.awake(handledAt, handledAt + PRODUCT.figures.reconnection.busyMs);
        world.agenda.at(openAt, () => this.#connected());
      }),
    );
  }

  #failed(why: string): void {
    this.failures.set(why, (this.failures.get(why) ?? 0) + 1);
    this.#retry();
  }

  #connected(): void {
    const world = this.#world;
    // Its network may have gone in the meantime.
    if (!this.hasNetwork) {
      this.#failed('no network');
      return;
    }
    this.isConnected = true;
    this.#connectedAt = world.now;
    if (this.#lostAt !== undefined) this.awayMs.push(world.now - this.#lostAt);
    this.#lostAt = undefined;
    world.billed.connections += 1;
    world.report(this.id, this.region);
    const waiting = [...this.#atHome.splice(0), ...this.#mail];
    this.#mail = [];
    this.#mailed = 0;
    for (const run of waiting) run();
  }
}
