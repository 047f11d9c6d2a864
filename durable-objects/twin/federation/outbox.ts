import { concatBytes } from '@noble/hashes/utils.js';
import { bytesOf, first, numberOf, type Sql } from '../sql.ts';
import { BUNDLE_BYTES, type FederatedMessage, packBundles, unpackBundle } from './bundle.ts';

/** Room for the pieces of one bundle: an envelope has at most 24 MiB. */
const PIECES = 64;
/** So many settled messages of a bundle share a note, which is a row; a crash before it repeats them. */
const SETTLED_A_NOTE = 16;

export interface FederationLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** A message that nobody has answered for yet, and its place in its bundle. */
export interface Open {
  readonly index: number;
  readonly message: FederatedMessage;
}

/** What is known of a bundle without reading it. */
interface Bundle {
  readonly twin: number;
  readonly messages: number;
  readonly bytes: number;
  /** A bit for each message that is settled. */
  readonly done: Uint8Array;
  /** Settled messages that no row tells of yet. */
  unnoted: number;
  /** Messages not yet settled. */
  open: number;
  /** When the first of the open messages expires, or earlier (Unix seconds). */
  expires: number;
}

/**
 * Messages for other relays, in the sending twin's SQLite until each is settled. They lie in bundles, as the
 * platform bills rows and not bytes; which messages of a bundle are settled is noted for some together, so that a
 * crash loses none and repeats few. Knows nothing of relays.
 */
export class FederationOutbox {
  readonly #sql: Sql;
  readonly #limits: FederationLimits;
  #bundles: Map<number, Bundle> | undefined;
  #next = 1;
  #messages = 0;
  #bytes = 0;

  constructor(sql: Sql, limits: FederationLimits) {
    this.#sql = sql;
    this.#limits = limits;
  }

  /** Messages that nobody has answered for yet. */
  get waiting(): number {
    this.#load();
    return this.#messages;
  }

  /** Stores messages for one twin, as many as there is room for. */
  add(
    twin: number,
    messages: readonly FederatedMessage[],
  ): { readonly bundles: readonly number[]; readonly full: readonly FederatedMessage[] } {
    const bundles = this.#load();
    let [room, bytes] = [this.#limits.maxMessages - this.#messages, this.#limits.maxBytes - this.#bytes];
    const fitting = messages.filter((message) => {
      if (room < 1 || message.bytes.length > bytes) return false;
      room -= 1;
      bytes -= message.bytes.length;
      return true;
    });
    const taken = new Set(fitting);
    const ids = packBundles(fitting).map((packed) => {
      const id = this.#next;
      this.#next += 1;
      const expires = Math.min(...packed.messages.map(({ expiresAt }) => expiresAt));
      const bundle = { twin, expires, messages: packed.messages.length, bytes: packed.bytes.length };
      this.#insert(id, bundle, packed.bytes);
      this.#messages += bundle.messages;
      this.#bytes += bundle.bytes;
      const done = new Uint8Array(Math.ceil(bundle.messages / 8));
      bundles.set(id, { ...bundle, open: bundle.messages, done, unnoted: 0 });
      return id;
    });
    return { bundles: ids, full: messages.filter((message) => !taken.has(message)) };
  }

  /** All bundles, in the order in which they were stored; `expires` in Unix seconds. */
  list(): { readonly id: number; readonly twin: number; readonly expires: number }[] {
    return [...this.#load()].map(([id, { twin, expires }]) => ({ id, twin, expires }));
  }

  has(id: number): boolean {
    return this.#load().has(id);
  }

  /** The open messages of a bundle. */
  read(id: number): Open[] {
    const bundle = this.#load().get(id);
    if (bundle === undefined) return [];
    const pieces = this.#sql.exec('SELECT piece FROM federation WHERE key >= ? AND key < ? ORDER BY key', ...range(id));
    return unpackBundle(concatBytes(...[...pieces].map((row) => bytesOf(row, 'piece')))).flatMap((message, index) =>
      isDone(bundle.done, index) ? [] : [{ index, message }],
    );
  }

  /** Takes note of when the first open message of a bundle expires (Unix seconds). */
  expect(id: number, expires: number): void {
    const bundle = this.#load().get(id);
    if (bundle !== undefined) bundle.expires = expires;
  }

  /**
   * Somebody has answered for this message; with its last open message a bundle is removed. A crash may repeat it
   * until then, or until `note`.
   */
  settle(id: number, index: number): void {
    const bundles = this.#load();
    const bundle = bundles.get(id);
    if (bundle === undefined || isDone(bundle.done, index)) return;
    const byte = index >> 3;
    bundle.done[byte] = (bundle.done[byte] ?? 0) | (1 << (index & 7));
    bundle.unnoted += 1;
    bundle.open -= 1;
    this.#messages -= 1;
    if (bundle.open > 0) {
      if (bundle.unnoted >= SETTLED_A_NOTE) this.note(id);
      return;
    }
    this.#sql.exec('DELETE FROM federation WHERE key >= ? AND key < ?', ...range(id));
    if (bundle.messages > 1) this.#sql.exec('DELETE FROM federation_done WHERE bundle = ?', id);
    this.#bytes -= bundle.bytes;
    bundles.delete(id);
  }

  /** Writes down what is settled of a bundle: a crash repeats none of it from now on. */
  note(id: number): void {
    const bundle = this.#load().get(id);
    if (bundle === undefined || bundle.unnoted === 0) return;
    this.#sql.exec(
      'INSERT INTO federation_done (bundle, done) VALUES (?, ?) ON CONFLICT (bundle) DO UPDATE SET done = excluded.done',
      id,
      bundle.done.slice().buffer,
    );
    bundle.unnoted = 0;
  }

  #load(): Map<number, Bundle> {
    if (this.#bundles !== undefined) return this.#bundles;
    this.#bundles = new Map();
    const rows = this.#sql.exec(
      `SELECT key / ${PIECES} AS bundle, twin, min(expires) AS expires, max(messages) AS messages,
        sum(length(piece)) AS bytes FROM federation GROUP BY key / ${PIECES} ORDER BY key`,
    );
    for (const row of rows) {
      const [id, messages] = [numberOf(row, 'bundle'), numberOf(row, 'messages')];
      const noted = first(this.#sql.exec('SELECT done FROM federation_done WHERE bundle = ?', id));
      const done = noted === undefined ? new Uint8Array(Math.ceil(messages / 8)) : bytesOf(noted, 'done');
      const open = Array.from({ length: messages }, (_, index) => index).filter((index) => !isDone(done, index)).length;
      const bytes = numberOf(row, 'bytes');
      this.#bundles.set(id, {
        twin: numberOf(row, 'twin'),
        messages,
        bytes,
        done,
        unnoted: 0,
        open,
        expires: numberOf(row, 'expires'),
      });
      this.#next = id + 1;
      this.#messages += open;
      this.#bytes += bytes;
    }
    return this.#bundles;
  }

  #insert(id: number, bundle: Pick<Bundle, 'twin' | 'expires' | 'messages'>, bytes: Uint8Array): void {
    for (let piece = 0; piece * BUNDLE_BYTES < bytes.length; piece += 1) {
      this.#sql.exec(
        'INSERT INTO federation (key, twin, expires, messages, piece) VALUES (?, ?, ?, ?, ?)',
        id * PIECES + piece,
        bundle.twin,
        bundle.expires,
        bundle.messages,
        bytes.slice(piece * BUNDLE_BYTES, (piece + 1) * BUNDLE_BYTES).buffer,
      );
    }
  }
}

/** The keys of a bundle's pieces: from the first up to, and without, the second. */
function range(id: number): [number, number] {
  return [id * PIECES, (id + 1) * PIECES];
}

function isDone(done: Uint8Array, index: number): boolean {
  return (((done[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}
