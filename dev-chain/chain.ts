import type { Metadata, TypeRegistry } from '@polkadot/types';
import { err, ok, type Result } from '../proto/result.ts';
import { encodeEvents, extrinsicEvents, twinEvent } from './events.ts';
import { type Context, type Invalid, openExtrinsic, type Signed } from './extrinsics.ts';
import { FEE, Ledger, type LedgerTwin } from './ledger.ts';
import { u32 } from './scale.ts';
import { encodeAccount, encodeNow, encodeTwin, State, type StorageKeys, storageKeys } from './storage.ts';

export const VERSION = { specVersion: 150, transactionVersion: 2 } as const;
const ZERO_HASH = `0x${'00'.repeat(32)}` as const;
/** Blocks whose state can be asked for; mortal extrinsics look back as far as this. */
const REMEMBERED = 512;
const MAX_POOL = 1000;

export interface Block {
  readonly number: number;
  readonly hash: `0x${string}`;
  readonly header: object;
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
  readonly registry: TypeRegistry;
  readonly keys: StorageKeys;
  readonly #ledger = new Ledger();
  readonly #blocks = new Map<string, Block>();
  readonly #hashes: `0x${string}`[] = [];
  readonly #listeners = new Set<(block: Block) => void>();
  #pool: Signed[] = [];
  #placed: LedgerTwin[] = [];
  #head: Block;

  constructor(registry: TypeRegistry, metadata: Metadata, twins: readonly LedgerTwin[], now: number) {
    this.registry = registry;
    this.keys = storageKeys(registry, metadata);
    for (const twin of twins) this.#ledger.put(twin);
    const writes = twins.flatMap((twin) => this.#twinWrites(twin));
    this.#head = this.#append(0, ZERO_HASH, [], new State().with([...writes, [this.keys.now, encodeNow(now)]]));
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
    this.#placed.push(twin);
    const gone: [string, null][] = elder === undefined ? [] : [[this.keys.twinId(elder.account), null]];
    const state = this.#head.state.with([...gone, ...this.#twinWrites(twin)]);
    this.#head = { ...this.#head, state };
    this.#blocks.set(this.#head.hash, this.#head);
  }

  /** Takes an extrinsic into the pool when it is valid now. */
  async submit(hex: string): Promise<Result<Signed, PoolFault>> {
    const opened = await openExtrinsic(this.registry, hex, this.#context());
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
    const records = this.#placed.map((twin) => twinEvent(0, 'twinUpdated', twin));
    this.#placed = [];
    const writes: [string, Uint8Array][] = [];
    extrinsics.forEach((signed, place) => {
      this.#ledger.charge(signed.account);
      const outcome = this.#ledger.apply(signed.account, signed.call);
      records.push(...extrinsicEvents(place, outcome));
      writes.push([this.keys.account(signed.account), encodeAccount(this.#ledger.account(signed.account))]);
      if (outcome.ok && outcome.event !== undefined) writes.push(...this.#twinWrites(outcome.event.twin));
    });
    writes.push([this.keys.events, encodeEvents(records)], [this.keys.now, encodeNow(now)]);
    const { number, hash, state } = this.#head;
    this.#head = this.#append(number + 1, hash, extrinsics, state.with(writes));
    for (const listener of this.#listeners) listener(this.#head);
    return this.#head;
  }

  #append(number: number, parentHash: `0x${string}`, extrinsics: readonly Signed[], state: State): Block {
    const root = ZERO_HASH;
    const header = this.registry.createType('Header', {
      parentHash,
      number,
      stateRoot: root,
      extrinsicsRoot: root,
      digest: { logs: [] },
    });
    const hash = header.hash.toHex();
    const json = {
      parentHash,
      number: `0x${number.toString(16)}`,
      stateRoot: root,
      extrinsicsRoot: root,
      digest: { logs: [] },
    };
    const block = { number, hash, header: json, extrinsics, state };
    this.#blocks.set(hash, block);
    this.#hashes[number] = hash;
    // The genesis hash is asked for for ever; its state, and that of old blocks, is not.
    const old = number > REMEMBERED ? this.#hashes[number - REMEMBERED] : undefined;
    if (old !== undefined) this.#blocks.delete(old);
    return block;
  }

  #twinWrites(twin: LedgerTwin): [string, Uint8Array][] {
    return [
      [this.keys.twin(twin.id), encodeTwin(twin)],
      [this.keys.twinId(twin.account), u32(twin.id)],
      [this.keys.account(twin.account), encodeAccount(this.#ledger.account(twin.account))],
    ];
  }

  #context(): Context {
    const { genesis } = this;
    return { genesis, nextBlock: this.#head.number + 1, ...VERSION, blockHash: (number) => this.#hashes[number] };
  }
}
