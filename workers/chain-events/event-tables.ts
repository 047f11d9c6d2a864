import type { EventTable } from '../../chain/event-table.ts';
import { parseTable } from '../../chain/event-table.ts';
import { bytesOf } from '../../chain/json-rpc.ts';
import { tableOf } from '../../chain/metadata-shapes.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Ask } from '../twin-resolver/answers.ts';
import type { TableFault } from './read-blocks.ts';

/** The live network's metadata takes 170 KB in hex; nobody's takes this (bytes). */
const METADATA_MOST = 8 * 2 ** 20;

/** What this needs of a KV namespace. */
export interface TableStore {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
}

/** Metadata that was of no use is not fetched again for so long (ms). */
const USELESS_MS = 600_000;
/** Of old runtimes none comes back: what is in the way goes. */
const REMEMBER_MOST = 16;

/** What an isolate remembers: tables, and nodes that had none to give. Data only. */
export class TableMemory {
  readonly #tables = new Map<string, EventTable>();
  readonly #useless = new Map<string, { readonly fault: string; readonly until: number }>();

  table(key: string): EventTable | undefined {
    return this.#tables.get(key);
  }

  remember(key: string, table: EventTable): void {
    if (this.#tables.size >= REMEMBER_MOST) this.#tables.clear();
    this.#tables.set(key, table);
  }

  /** Why this node's metadata was of no use a short time ago. */
  useless(key: string, node: string, now: number): string | undefined {
    const known = this.#useless.get(`${key} ${node}`);
    return known !== undefined && now < known.until ? known.fault : undefined;
  }

  rememberUseless(key: string, node: string, fault: string, now: number): void {
    if (this.#useless.size >= REMEMBER_MOST) this.#useless.clear();
    this.#useless.set(`${key} ${node}`, { fault, until: now + USELESS_MS });
  }
}

/**
 * The event tables by chain and spec version: in memory, then in KV, then from the metadata that a node gives, which is
 * parsed once for all isolates because that takes more than a free plan's slice of CPU time.
 */
export class EventTables {
  readonly #memory: TableMemory;
  readonly #store: TableStore;
  readonly #later: (work: Promise<void>) => void;

  /** @param later lets work go on after the answer (`ctx.waitUntil`) */
  constructor(memory: TableMemory, store: TableStore, later: (work: Promise<void>) => void) {
    this.#memory = memory;
    this.#store = store;
    this.#later = later;
  }

  /**
   * @param block hash of a block that was left with this runtime
   * @param node the name of the node that `ask` reaches
   */
  async of(
    genesis: string,
    specVersion: number,
    block: string,
    node: string,
    ask: Ask,
  ): Promise<Result<EventTable, TableFault>> {
    // The format of tables is part of the key: a later one must not be read by older code.
    const key = `events:1:${genesis}:${specVersion}`;
    const table = this.#memory.table(key) ?? (await this.#kept(key));
    if (table !== undefined) {
      this.#memory.remember(key, table);
      return ok(table);
    }
    const fault = this.#memory.useless(key, node, Date.now());
    if (fault !== undefined) return err({ fault, useless: true });
    const answers = await ask([{ method: 'state_getMetadata', params: [block] }], METADATA_MOST);
    const bytes = answers.ok ? bytesOf(answers.value[0]) : answers;
    if (!bytes.ok) return err({ fault: bytes.error, useless: false });
    if (bytes.value === undefined) return err({ fault: 'it gave no metadata', useless: false });
    const made = tableOf(bytes.value);
    if (made.ok) {
      this.#memory.remember(key, made.value);
      this.#later(this.#keep(key, made.value));
      return made;
    }
    const useless = `its metadata cannot be used: ${made.error.fault}`;
    this.#memory.rememberUseless(key, node, useless, Date.now());
    return err({ fault: useless, useless: true });
  }

  async #kept(key: string): Promise<EventTable | undefined> {
    try {
      const text = await this.#store.get(key);
      return text === null ? undefined : parseTable(text);
    } catch {
      return undefined; // KV is a cache: what it cannot tell, the chain can
    }
  }

  async #keep(key: string, table: EventTable): Promise<void> {
    try {
      await this.#store.put(key, JSON.stringify(table));
    } catch (error) {
      console.warn(JSON.stringify({ event: 'event-table-not-written', error: String(error) }));
    }
  }
}
