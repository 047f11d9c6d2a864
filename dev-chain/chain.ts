import { blake2b } from '@noble/hashes/blake2.js';
import { err, ok, type Result } from '../proto/result.ts';
import { encodeEvents } from './events.ts';
import { type Context, type Invalid, openExtrinsic, type Signed } from './extrinsics.ts';
import { FEE, Ledger, type LedgerTwin } from './ledger.ts';
import type { Runtime } from './runtime.ts';
import { toHex } from './scale.ts';
import { State } from './state.ts';
import type { Entry } from './storage-layout.ts';

const ZERO_HASH = `0x${'00'.repeat(32)}` as const;
/** Blocks whose state can be asked for: more than a reader that was away replays (600). */
const REMEMBERED = 1024;
const MAX_POOL = 1000;

/** A header as JSON-RPC has it. */
interface Header {
  readonly parentHash: `0x${string}`;
  readonly number: `0x${string}`;
  readonly stateRoot: `0x${string}`;
  readonly extrinsicsRoot: `0x${string}`;
  readonly digest: { readonly logs: readonly [] };
}

export interface Block {
  readonly number: number;
  readonly hash: `0x${string}`;
  readonly header: Header;
  readonly extrinsics: readonly Signed[];
  readonly state: State;
}

/** Why the pool takes no extrinsic; the texts are Substrate's. */
export type PoolFault =
  | Invalid
  | 'Transaction is not yet valid'
  | 'Inability to pay some fees (e.g. account balance too low)'
  | 'the pool is full';

/** A chain in memory: a ledger, a pool, and blocks made when `makeBlock` is called. */
export class Chain {
  readonly runtime: Runtime;
  readonly #ledger = new Ledger();
  readonly #blocks = new Map<string, Block>();
  readonly #hashes: `0x${string}`[] = [];
  readonly #listeners = new Set<(block: Block) => void>();
  #pool: Signed[] = [];
  /** Events and keys of what was placed since the last block. */
  #placed: { readonly records: Uint8Array[]; readonly keys: Set<string> } = { records: [], keys: new Set() };
  #head: Block;

  /** @param genesis what is there from the start: twins, and accounts with funds. @param now Unix ms */
  constructor(
    runtime: Runtime,
    genesis: { readonly twins: readonly LedgerTwin[]; readonly funded: readonly string[] },
    now: number,
  ) {
    this.runtime = runtime;
    for (const twin of genesis.twins) this.#ledger.put(twin);
    for (const account of genesis.funded) this.#ledger.fund(account);
    const writes = [
      ...genesis.twins.flatMap((twin) => this.#twinWrites(twin)),
      ...genesis.funded.map((account) => this.#accountWrite(account)),
    ];
    this.#head = this.#append(0, ZERO_HASH, [], new State().with(writes), ZERO_HASH);
    // After the hash is made: the same twins make the same genesis, whenever the chain starts.
    this.#amend(this.#head.state.with([runtime.storage.now(now)]));
  }

  get genesis(): `0x${string}` {
    return this.#hashes[0] ?? ZERO_HASH;
  }

  get head(): Block {
    return this.#head;
  }

  /** A remembered block. */
  block(hash: string): Block | undefined {
    return this.#blocks.get(hash);
  }

  hashOf(number: number): `0x${string}` | undefined {
    return this.#hashes[number];
  }

  /** Calls back after each block; ends with the function it returns. */
  onBlock(listener: (block: Block) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The nonce of an account's next extrinsic, the pool's counted. */
  nextNonce(account: string): number {
    return this.#ledger.account(account).nonce + this.#pool.filter((each) => each.account === account).length;
  }

  /** Writes a twin at once, past the pool; the next block tells of it as of any update. */
  place(twin: LedgerTwin): void {
    const elder = this.#ledger.twin(twin.id);
    this.#ledger.put(twin);
    const kind = elder === undefined ? 'twinStored' : 'twinUpdated';
    this.#placed.records.push(this.runtime.events.twin('initialization', kind, twin));
    const writes = this.#twinWrites(twin);
    if (elder !== undefined) writes.push(this.#idWrite(elder.account));
    const state = this.#head.state.with(writes);
    for (const key of state.changed) this.#placed.keys.add(key);
    this.#amend(state);
  }

  /** Takes all that an account has, at once. */
  drain(account: string): void {
    this.#ledger.drain(account);
    this.#amend(this.#head.state.with([this.#accountWrite(account)]));
  }

  /** Takes an extrinsic into the pool when it is valid now. */
  async submit(hex: string): Promise<Result<Signed, PoolFault>> {
    const opened = await openExtrinsic(this.runtime.registry, hex, this.#context());
    if (!opened.ok) return opened;
    const { account, nonce } = opened.value;
    const expected = this.nextNonce(account);
    if (nonce < expected) return err('Transaction is outdated');
    if (nonce > expected) return err('Transaction is not yet valid');
    const waiting = BigInt(expected - this.#ledger.account(account).nonce);
    if (this.#ledger.account(account).free < FEE * (waiting + 1n)) {
      return err('Inability to pay some fees (e.g. account balance too low)');
    }
    if (this.#pool.length >= MAX_POOL) return err('the pool is full');
    this.#pool.push(opened.value);
    return ok(opened.value);
  }

  /** Makes a block of all that waits. @param now Unix ms, the block's timestamp */
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
    const { number, hash, state, header } = this.#head;
    this.#head = this.#append(number + 1, hash, extrinsics, state.with(writes, keys), header.stateRoot);
    for (const listener of this.#listeners) listener(this.#head);
    return this.#head;
  }

  #append(
    number: number,
    parentHash: `0x${string}`,
    extrinsics: readonly Signed[],
    state: State,
    parentRoot: string,
  ): Block {
    const json: Header = {
      parentHash,
      number: `0x${number.toString(16)}`,
      stateRoot: rootOf([parentRoot, ...[...state.changed].map((key) => `${key}=${state.get(key)}`)]),
      extrinsicsRoot: rootOf(extrinsics.map((each) => each.hash)),
      digest: { logs: [] },
    };
    const hash = this.runtime.registry.createType('Header', { ...json, number }).hash.toHex();
    const block = { number, hash, header: json, extrinsics, state };
    this.#blocks.set(hash, block);
    this.#hashes[number] = hash;
    // The genesis hash is asked for for ever; its state, and that of old blocks, is not.
    const old = number > REMEMBERED ? this.#hashes[number - REMEMBERED] : undefined;
    if (old !== undefined) this.#blocks.delete(old);
    return block;
  }

  /** Gives the head another state under the hash it has. */
  #amend(state: State): void {
    this.#head = { ...this.#head, state };
    this.#blocks.set(this.#head.hash, this.#head);
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
    return { genesis, nextBlock, specVersion, transactionVersion, blockHash: (number) => this.#hashes[number] };
  }
}

/** Stands for a trie's root, which nobody checks: blocks that differ in content must differ in hash. */
function rootOf(lines: readonly string[]): `0x${string}` {
  return toHex(blake2b(new TextEncoder().encode(lines.join('\n')), { dkLen: 32 }));
}
