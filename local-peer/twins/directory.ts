import type { Twin } from '../../proto/twin.ts';
import type { KnownTwin, TwinDirectory } from '../known-twin.ts';
import { knownTwin } from './judge-key.ts';
import { haveSameKeys, type KeyWatch } from './key-change.ts';

/** Changes come with the chain's events; one that was missed is found after this time, ms. */
const REMEMBER_MS = 10 * 60_000;
/** A twin is asked for again at most this often: a stranger's bad signatures must not become our questions. */
const REFRESH_MS = 5_000;
/** Who asks in the name of a twin that does not exist costs one question in this time. */
const STRANGER_MS = 10_000;
const MOST = 10_000;

/** What the chain said before, for when it says nothing. */
export interface TwinMemory {
  find(id: number): Promise<Twin | undefined>;
  save(twin: Twin): void;
}

interface Known {
  /** Undefined: the chain knows no such twin. */
  readonly twin: KnownTwin | undefined;
  readonly askedAt: number;
  /** Asked for again after this time. */
  readonly lifeMs: number;
  /** The chain was away since, or has told of other keys: it may have changed. */
  readonly isDoubtful: boolean;
}

/** Twins by id, as the chain last told them; many who ask at once share one question. */
export class Directory implements TwinDirectory {
  readonly #ask: (id: number) => Promise<Twin | undefined>;
  readonly #memory: TwinMemory;
  readonly #now: () => number;
  readonly #keys: KeyWatch | undefined;
  readonly #known = new Map<number, Known>();
  readonly #strangers = new Map<number, Known>();
  readonly #asking = new Map<number, Promise<KnownTwin | undefined>>();

  /**
   * @param now ms, of a clock that nobody sets
   * @param keys judges keys that have changed; absent: they are believed
   */
  constructor(ask: (id: number) => Promise<Twin | undefined>, memory: TwinMemory, now: () => number, keys?: KeyWatch) {
    this.#ask = ask;
    this.#memory = memory;
    this.#now = now;
    this.#keys = keys;
  }

  /** What is known of a twin, asked for when it may be old; when the chain does not answer, what it said before. */
  async get(id: number): Promise<KnownTwin | undefined> {
    const known = this.#lookUp(id);
    if (known !== undefined && !known.isDoubtful && this.#now() - known.askedAt < known.lifeMs) return known.twin;
    try {
      return await this.#fresh(id);
    } catch (error) {
      if (known?.twin !== undefined) return known.twin;
      const before = await this.#memory.find(id);
      if (before === undefined) throw error;
      // Whoever comes next need not ask Redis again.
      return this.#keep(knownTwin(before), { isDoubtful: true });
    }
  }

  async refresh(id: number): Promise<KnownTwin | undefined> {
    const known = this.#lookUp(id);
    if (known !== undefined && this.#now() - known.askedAt < REFRESH_MS) return known.twin;
    return this.#fresh(id);
  }

  /** An event of the chain tells of a twin. When there is a second node, both are asked before other keys are believed. */
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

  /** The chain was away: what is known stays of use only while it does not answer. */
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
      // What an event told meanwhile is newer than what a node found when it was asked.
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
      // The other node may be a block behind: both are asked again soon.
      return opinion === 'other' ? this.#keep(pinned, { lifeMs: REFRESH_MS }) : this.#save(record, twin);
    });
    this.#asking.set(id, question);
    const end = () => void this.#asking.delete(id);
    question.then(end, end);
    return question;
  }

  /** What the chain has of a twin. When its keys are not those that were known, also what a second node says of them. */
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

/** The one that was told longest ago makes room. */
function remember(map: Map<number, Known>, id: number, known: Known): void {
  map.delete(id);
  const [oldest] = map.keys();
  if (map.size >= MOST && oldest !== undefined) map.delete(oldest);
  map.set(id, known);
}
