import { err, ok, type Result } from '../../../proto/result.ts';
import type { Runtime } from '../metadata/runtime.ts';
import type { Entry } from '../metadata/storage-layout.ts';
import { type Block, Blocks } from './blocks.ts';
import { encodeEvents } from './events.ts';
import { type Context, type Invalid, openExtrinsic, type Signed } from './extrinsics.ts';
import { FEE, Ledger, type LedgerTwin } from './ledger.ts';
import { State } from './state.ts';

const ZERO_HASH = `0x${'00'.repeat(32)}` as const;
const MAX_POOL = 1000;

/** Why the pool refuses an extrinsic; the texts are Substrate's. */
export type PoolFault =
  | Invalid
  | 'Transaction is not yet valid'
  | 'Inability to pay some fees (e.g. account balance too low)'
  | 'the pool is full';

/** A chain in memory: a ledger, a pool, and blocks that `makeBlock` makes. */
export class Chain {
  readonly runtime: Runtime;
  readonly #ledger = new Ledger();
  readonly #blocks: Blocks;
  readonly #listeners = new Set<(block: Block) => void>();
  #pool: Signed[] = [];
  /** Events and keys of twins placed since the last block. */
  #placed: { readonly records: Uint8Array[]; readonly keys: Set<string> } = { records: [], keys: new Set() };
  #head: Block;

  /** @param genesis twins, and accounts with funds, of the first state. @param now Unix ms */
  constructor(
    runtime: Runtime,
    genesis: { readonly twins: readonly LedgerTwin[]; readonly funded: readonly string[] },
    now: number,
  ) {
    this.runtime = runtime;
    this.#blocks = new Blocks(runtime.registry);
    for (const twin of genesis.twins) this.#ledger.put(twin);
    for (const account of genesis.funded) this.#ledger.fund(account);
    const writes = [
      ...genesis.twins.flatMap((twin) => this.#twinWrites(twin)),
      ...genesis.funded.map((account) => this.#accountWrite(account)),
    ];
    this.#head = this.#blocks.append(undefined, [], new State().with(writes));
    // The time is set after the hash, so that the same twins have the same genesis at every start.
    this.#amend(this.#head.state.with([runtime.storage.now(now)]));
  }

  get genesis(): `0x${string}` {
    return this.#blocks.hashOf(0) ?? ZERO_HASH;
  }

  get head(): Block {
    return this.#head;
  }

  /** Returns a block that is still remembered. */
  block(hash: string): Block | undefined {
    return this.#blocks.get(hash);
  }

  hashOf(number: number): `0x${string}` | undefined {
    return this.#blocks.hashOf(number);
  }

  /** Calls the listener after each block. Returns a function that ends this. */
  onBlock(listener: (block: Block) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Returns the nonce of an account's next extrinsic, including those in the pool. */
  nextNonce(account: string): number {
    return this.#ledger.account(account).nonce + this.#pool.filter((each) => each.account === account).length;
  }

  /** Writes a twin at once, without the pool. The next block has its event. */
  place(twin: LedgerTwin): void {
    const previous = this.#ledger.twin(twin.id);
    this.#ledger.put(twin);
    const kind = previous === undefined ? 'twinStored' : 'twinUpdated';
    this.#placed.records.push(this.runtime.events.twin('initialization', kind, twin));
    const writes = this.#twinWrites(twin);
    if (previous !== undefined) writes.push(this.#idWrite(previous.account));
    const state = this.#head.state.with(writes);
    for (const key of state.changed) this.#placed.keys.add(key);
    this.#amend(state);
  }

  /** Removes all funds of an account at once. */
  drain(account: string): void {
    this.#ledger.drain(account);
    this.#amend(this.#head.state.with([this.#accountWrite(account)]));
  }

  /** Adds an extrinsic to the pool if it is valid now. */
  async submit(hex: string): Promise<Result<Signed, PoolFault>> {
    const opened = await openExtrinsic(this.runtime.registry, hex, this.#context());
    if (!opened.ok) return opened;
    const { account, nonce } = opened.value;
    const expected = this.nextNonce(account);
    if (nonce < expected) return err('Transaction is outdated');
    if (nonce > expected) return err('Transaction is not yet valid');
    const pending = BigInt(expected - this.#ledger.account(account).nonce);
    if (this.#ledger.account(account).free < FEE * (pending + 1n)) {
      return err('Inability to pay some fees (e.g. account balance too low)');
    }
    if (this.#pool.length >= MAX_POOL) return err('the pool is full');
    this.#pool.push(opened.value);
    return ok(opened.value);
  }

  /** Makes a block of the pool's extrinsics. @param now Unix ms, the block's timestamp */
  makeBlock(now: number): Block {
    const extrinsics = this.#pool;
    this.#pool = [];
    const { records, keys } = this.#placed;
    this.#placed = { records: [], keys: new Set() };
    const { storage, events } = this.runtime;
    const writes: Entry[] = [];
    extrinsics.forEach(({ account, call }, place) => {
      this.#ledger.charge(account);
      const outcome = this.#ledger.apply(account, call, Math.floor(now / 1000));
      records.push(...events.extrinsic(place, outcome));
      writes.push(this.#accountWrite(account));
      if (call.kind === 'user_accept_tc') writes.push(storage.terms(account, this.#ledger.terms(account)));
      if (outcome.ok && outcome.event !== undefined) writes.push(...this.#twinWrites(outcome.event.twin));
    });
    writes.push([storage.events, encodeEvents(records)], storage.now(now));
    this.#head = this.#blocks.append(this.#head, extrinsics, this.#head.state.with(writes, keys));
    for (const listener of this.#listeners) listener(this.#head);
    return this.#head;
  }

  /** Replaces the head's state under the same hash. */
  #amend(state: State): void {
    this.#head = this.#blocks.amend(this.#head, state);
  }

  #idWrite(account: string): Entry {
    return this.runtime.storage.twinId(account, this.#ledger.idOf(account));
  }

  #accountWrite(account: string): Entry {
    return this.runtime.storage.account(account, this.#ledger.account(account));
  }

  #twinWrites(twin: LedgerTwin): Entry[] {
    const { storage } = this.runtime;
    const lastId = storage.lastTwinId(this.#ledger.lastId);
    return [storage.twin(twin), lastId, this.#idWrite(twin.account), this.#accountWrite(twin.account)];
  }

  #context(): Context {
    const { genesis } = this;
    const { specVersion, transactionVersion } = this.runtime.version;
    const nextBlock = this.#head.number + 1;
    return { genesis, nextBlock, specVersion, transactionVersion, blockHash: (number) => this.#blocks.hashOf(number) };
  }
}
