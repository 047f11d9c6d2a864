import type { Twin } from '../../proto/twin.ts';
import { knownTwin } from './judge-key.ts';
import { haveSameKeys, type KeyWatch } from './key-change.ts';
import type { KnownTwin, TwinDirectory } from './known-twin.ts';

/** The chain's events bring changes; a missed one is found after this time, ms. */
const REMEMBER_MS = 10 * 60_000;
/** Shortest time between two questions about a twin, ms: a stranger's bad signatures must not flood the chain. */
const REFRESH_MS = 5_000;
/** A twin that does not exist costs one question in this time, ms. */
const STRANGER_MS = 10_000;
const MOST = 10_000;

/** Remembers records of the chain, for a time without the chain. */
export interface TwinMemory {
  find(id: number): Promise<Twin | undefined>;
  save(twin: Twin): void;
}

interface Known {
  /** Undefined if the chain has no such twin. */
  readonly twin: KnownTwin | undefined;
  readonly askedAt: number;
  /** The record is stale after this time, ms. */
  readonly lifeMs: number;
  /** The chain was away since, or reported other keys: the record may have changed. */
  readonly isDoubtful: boolean;
}

/** Caches twins by id. Concurrent look-ups of one twin share one question. */
export class Directory implements TwinDirectory {
  readonly #ask: (id: number) => Promise<Twin | undefined>;
  readonly #memory: TwinMemory;
  readonly #now: () => number;
  readonly #keys: KeyWatch | undefined;
  readonly #known = new Map<number, Known>();
  readonly #strangers = new Map<number, Known>();
  readonly #asking = new Map<number, Promise<KnownTwin | undefined>>();

  /**
   * @param now ms, of a monotonic clock
   * @param keys judges changed keys; absent: changed keys are believed
   */
  constructor(ask: (id: number) => Promise<Twin | undefined>, memory: TwinMemory, now: () => number, keys?: KeyWatch) {
    this.#ask = ask;
    this.#memory = memory;
    this.#now = now;
    this.#keys = keys;
  }

  /** Resolves with a twin. A stale record is asked for again; it counts when the chain does not answer. */
  async get(id: number): Promise<KnownTwin | undefined> {
    const known = this.#lookUp(id);
    if (known !== undefined && !known.isDoubtful && this.#now() - known.askedAt < known.lifeMs) return known.twin;
    try {
      return await this.#fresh(id);
    } catch (error) {
      if (known?.twin !== undefined) return known.twin;
      const before = await this.#memory.find(id);
      if (before === undefined) throw error;
      // The next look-up need not ask the memory again.
      return this.#keep(knownTwin(before), { isDoubtful: true });
    }
  }

  async refresh(id: number): Promise<KnownTwin | undefined> {
    const known = this.#lookUp(id);
    if (known !== undefined && this.#now() - known.askedAt < REFRESH_MS) return known.twin;
    return this.#fresh(id);
  }

  /** Takes a record from an event. If there is a second node, both are asked before other keys are believed. */
  put(record: Twin): void {
    const twin = knownTwin(record);
    const before = this.#known.get(twin.id);
    const isSame = before?.twin !== undefined && haveSameKeys(before.twin, twin);
    if (!isSame && this.#keys?.hasSecond) {
      this.#strangers.delete(twin.id);
      if (before !== undefined) this.#known.set(twin.id, { ...before, isDoubtful: true });
      return;
    }
    if (!isSame && before?.twin !== undefined) this.#keys?.changed(before.twin, twin, 'unanswered');
    this.#save(record, twin);
  }

  /** The chain was away: known records count only while it does not answer. */
  doubt(): void {
    for (const [id, known] of this.#known) this.#known.set(id, { ...known, isDoubtful: true });
    this.#strangers.clear();
  }

  #lookUp(id: number): Known | undefined {
    return this.#known.get(id) ?? this.#strangers.get(id);
  }

  #fresh(id: number): Promise<KnownTwin | undefined> {
    const asking = this.#asking.get(id);
    if (asking !== undefined) return asking;
    const before = this.#known.get(id);
    const question = this.#answer(id, before?.twin).then(({ record, pinned, opinion }) => {
      // A record from an event meanwhile is newer than the node's answer.
      const known = this.#known.get(id);
      if (known !== undefined && known !== before && !known.isDoubtful) return known.twin;
      if (record === undefined) {
        this.#known.delete(id);
        const stranger = { twin: undefined, askedAt: this.#now(), lifeMs: STRANGER_MS, isDoubtful: false };
        remember(this.#strangers, id, stranger);
        return undefined;
      }
      const twin = knownTwin(record);
      if (pinned === undefined || opinion === undefined) return this.#save(record, twin);
      this.#keys?.changed(pinned, twin, opinion);
      // The other node may be a block behind: ask both again soon.
      return opinion === 'other' ? this.#keep(pinned, { lifeMs: REFRESH_MS }) : this.#save(record, twin);
    });
    this.#asking.set(id, question);
    const end = () => void this.#asking.delete(id);
    question.then(end, end);
    return question;
  }

  /** Resolves with the chain's record of a twin, and with a second node's opinion if its keys differ from the known ones. */
  async #answer(id: number, known: KnownTwin | undefined) {
    const keys = this.#keys;
    if (keys === undefined) return { record: await this.#ask(id) };
    const [record, before] = await Promise.all([
      this.#ask(id),
      known === undefined ? this.#memory.find(id) : undefined,
    ]);
    const pinned = known ?? (before === undefined ? undefined : knownTwin(before));
    if (record === undefined || pinned === undefined || haveSameKeys(pinned, knownTwin(record))) return { record };
    const opinion = keys.hasSecond ? await keys.confirm(knownTwin(record)) : ('unanswered' as const);
    return { record, pinned, opinion };
  }

  #save(record: Twin, twin: KnownTwin): KnownTwin {
    this.#memory.save(record);
    return this.#keep(twin, {});
  }

  #keep(twin: KnownTwin, { isDoubtful = false, lifeMs = REMEMBER_MS }: Partial<Known>): KnownTwin {
    this.#strangers.delete(twin.id);
    remember(this.#known, twin.id, { twin, askedAt: this.#now(), lifeMs, isDoubtful });
    return twin;
  }
}

/** Keeps an entry; the oldest one makes room. */
function remember(map: Map<number, Known>, id: number, known: Known): void {
  map.delete(id);
  const [oldest] = map.keys();
  if (map.size >= MOST && oldest !== undefined) map.delete(oldest);
  map.set(id, known);
}
