import { logLine } from '../../durable-objects/log.ts';
import type { EventTable } from '../../proto/chain/event-table.ts';
import { parseTable } from '../../proto/chain/event-table.ts';
import { bytesOf } from '../../proto/chain/json-rpc.ts';
import { tableOf } from '../../proto/chain/metadata-shapes.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Ask } from '../twin-resolver/answers.ts';
import type { TableFault } from './read-blocks.ts';

/** The live network's metadata takes 170 KB in hex. No runtime takes this much. */
const METADATA_MOST_BYTES = 8 * 2 ** 20;

/** The port of event tables to a KV namespace. */
export interface TableStore {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
}

/** Unusable metadata of a node is not fetched again for this long. */
const UNUSABLE_MS = 600_000;
/** Old runtimes do not come back, so all are forgotten at this many. */
const REMEMBER_MOST = 16;

/** The memory of an isolate: tables, and nodes with unusable metadata. Holds only data. */
export class TableMemory {
  readonly #tables = new Map<string, EventTable>();
  readonly #unusable = new Map<string, { readonly fault: string; readonly until: number }>();

  /** Returns a remembered table. */
  table(key: string): EventTable | undefined {
    return this.#tables.get(key);
  }

  /** Remembers a table. */
  remember(key: string, table: EventTable): void {
    if (this.#tables.size >= REMEMBER_MOST) this.#tables.clear();
    this.#tables.set(key, table);
  }

  /** Returns why a node's metadata was unusable a short time ago. */
  unusable(key: string, node: string, now: number): string | undefined {
    const known = this.#unusable.get(`${key} ${node}`);
    return known !== undefined && now < known.until ? known.fault : undefined;
  }

  /** Remembers that a node's metadata is unusable. */
  rememberUnusable(key: string, node: string, fault: string, now: number): void {
    if (this.#unusable.size >= REMEMBER_MOST) this.#unusable.clear();
    this.#unusable.set(`${key} ${node}`, { fault, until: now + UNUSABLE_MS });
  }
}

/**
 * The event tables by chain and spec version: from memory, from KV, or from a node's metadata. Metadata is parsed once for
 * all isolates, because that takes more CPU time than a free plan has for a request.
 */
export class EventTables {
  readonly #memory: TableMemory;
  readonly #store: TableStore;
  readonly #background: (work: Promise<void>) => void;

  /** @param background lets work go on after the answer */
  constructor(memory: TableMemory, store: TableStore, background: (work: Promise<void>) => void) {
    this.#memory = memory;
    this.#store = store;
    this.#background = background;
  }

  /**
   * Returns the table of a runtime.
   * @param block hash of a block after which this runtime is current
   * @param node name of the node that `ask` reaches
   */
  async of(
    genesis: string,
    specVersion: number,
    block: string,
    node: string,
    ask: Ask,
  ): Promise<Result<EventTable, TableFault>> {
    // The format of tables is part of the key, because older code must not read a later format.
    const key = `events:1:${genesis}:${specVersion}`;
    const table = this.#memory.table(key) ?? (await this.#read(key));
    if (table !== undefined) {
      this.#memory.remember(key, table);
      return ok(table);
    }
    const fault = this.#memory.unusable(key, node, Date.now());
    if (fault !== undefined) return err({ fault, isUnusable: true });
    const answers = await ask([{ method: 'state_getMetadata', params: [block] }], METADATA_MOST_BYTES);
    const bytes = answers.ok ? bytesOf(answers.value[0]) : answers;
    if (!bytes.ok) return err({ fault: bytes.error, isUnusable: false });
    if (bytes.value === undefined) return err({ fault: 'it gave no metadata', isUnusable: false });
    const made = tableOf(bytes.value);
    if (made.ok) {
      this.#memory.remember(key, made.value);
      this.#background(this.#write(key, made.value));
      return made;
    }
    const unusable = `its metadata cannot be used: ${made.error.fault}`;
    this.#memory.rememberUnusable(key, node, unusable, Date.now());
    return err({ fault: unusable, isUnusable: true });
  }

  async #read(key: string): Promise<EventTable | undefined> {
    try {
      const text = await this.#store.get(key);
      return text === null ? undefined : parseTable(text);
    } catch {
      return undefined; // KV is only a cache: the chain has the metadata as well.
    }
  }

  async #write(key: string, table: EventTable): Promise<void> {
    try {
      await this.#store.put(key, JSON.stringify(table));
    } catch (error) {
      logLine('warn', 'event-table-not-written', { error: String(error) });
    }
  }
}
