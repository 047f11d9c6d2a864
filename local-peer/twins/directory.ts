import type { Twin } from '../../proto/twin.ts';
import type { KnownTwin, TwinDirectory } from '../known-twin.ts';
import { knownTwin } from './judge-key.ts';

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
  /** The chain was away since: it may have changed. */
  readonly isDoubtful: boolean;
}

/** Twins by id, as the chain last told them; many who ask at once share one question. */
export class Directory implements TwinDirectory {
  readonly #ask: (id: number) => Promise<Twin | undefined>;
  readonly #memory: TwinMemory;
  readonly #now: () => number;
  readonly #known = new Map<number, Known>();
  readonly #strangers = new Map<number, Known>();
  readonly #asking = new Map<number, Promise<KnownTwin | undefined>>();

  /** @param now ms, of a clock that nobody sets */
  constructor(ask: (id: number) => Promise<Twin | undefined>, memory: TwinMemory, now: () => number) {
    this.#ask = ask;
    this.#memory = memory;
    this.#now = now;
  }

  /** What is known of a twin, asked for when it may be old; when the chain does not answer, what it said before. */
  async get(id: number): Promise<KnownTwin | undefined> {
    const known = this.#lookUp(id);
    if (known !== undefined) {
      const life = known.twin === undefined ? STRANGER_MS : REMEMBER_MS;
      if (!known.isDoubtful && this.#now() - known.askedAt < life) return known.twin;
    }
    try {
      return await this.#fresh(id);
    } catch (error) {
      if (known?.twin !== undefined) return known.twin;
      const before = await this.#memory.find(id);
      if (before === undefined) throw error;
      // Whoever comes next need not ask Redis again.
      return this.#keep(before, true);
    }
  }

  async refresh(id: number): Promise<KnownTwin | undefined> {
    const known = this.#lookUp(id);
    if (known !== undefined && this.#now() - known.askedAt < REFRESH_MS) return known.twin;
    return this.#fresh(id);
  }

  /** The chain tells of a twin. */
  put(twin: Twin): KnownTwin {
    this.#memory.save(twin);
    return this.#keep(twin, false);
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
    const question = this.#ask(id).then((twin) => {
      // What an event told meanwhile is newer than what a node found when it was asked.
      const known = this.#known.get(id);
      if (known !== undefined && known !== before && !known.isDoubtful) return known.twin;
      if (twin !== undefined) return this.put(twin);
      this.#known.delete(id);
      remember(this.#strangers, id, { twin, askedAt: this.#now(), isDoubtful: false });
      return undefined;
    });
    this.#asking.set(id, question);
    const end = () => void this.#asking.delete(id);
    question.then(end, end);
    return question;
  }

  /** A record enters here, and nowhere else: its key is judged once. */
  #keep(record: Twin, isDoubtful: boolean): KnownTwin {
    const twin = knownTwin(record);
    this.#strangers.delete(twin.id);
    remember(this.#known, twin.id, { twin, askedAt: this.#now(), isDoubtful });
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
