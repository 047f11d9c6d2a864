import { blake2b } from '@noble/hashes/blake2.js';
import type { TypeRegistry } from '@polkadot/types';
import { toHex } from '../metadata/scale.ts';
import type { Signed } from './extrinsics.ts';
import type { State } from './state.ts';

const ZERO_HASH = `0x${'00'.repeat(32)}` as const;
/** Blocks whose state can be read: more than a reader replays after an absence (600). */
export const REMEMBERED = 1024;

/** A header in the form of JSON-RPC. */
interface Header {
  readonly parentHash: `0x${string}`;
  readonly number: `0x${string}`;
  readonly stateRoot: `0x${string}`;
  readonly extrinsicsRoot: `0x${string}`;
  readonly digest: { readonly logs: readonly [] };
}

/** A block with the state after it. */
export interface Block {
  readonly number: number;
  readonly hash: `0x${string}`;
  readonly header: Header;
  readonly extrinsics: readonly Signed[];
  readonly state: State;
}

/** The blocks of a chain: their hashes for ever, their states for a while. */
export class Blocks {
  readonly #registry: TypeRegistry;
  readonly #blocks = new Map<string, Block>();
  readonly #hashes: `0x${string}`[] = [];

  constructor(registry: TypeRegistry) {
    this.#registry = registry;
  }

  /** Returns a block that is still remembered. */
  get(hash: string): Block | undefined {
    return this.#blocks.get(hash);
  }

  hashOf(number: number): `0x${string}` | undefined {
    return this.#hashes[number];
  }

  /** Makes the child of a block, or the genesis. Returns it. */
  append(parent: Block | undefined, extrinsics: readonly Signed[], state: State): Block {
    const number = parent === undefined ? 0 : parent.number + 1;
    const parentRoot = parent?.header.stateRoot ?? ZERO_HASH;
    const header: Header = {
      parentHash: parent?.hash ?? ZERO_HASH,
      number: `0x${number.toString(16)}`,
      stateRoot: rootOf([parentRoot, ...[...state.changed].map((key) => `${key}=${state.get(key)}`)]),
      extrinsicsRoot: rootOf(extrinsics.map((each) => each.hash)),
      digest: { logs: [] },
    };
    const hash = this.#registry.createType('Header', { ...header, number }).hash.toHex();
    const block = { number, hash, header, extrinsics, state };
    this.#blocks.set(hash, block);
    this.#hashes[number] = hash;
    // Hashes stay for ever, because clients ask for the genesis; states of old blocks do not.
    const old = number > REMEMBERED ? this.#hashes[number - REMEMBERED] : undefined;
    if (old !== undefined) this.#blocks.delete(old);
    return block;
  }

  /** Replaces the state of a block under the same hash. Returns the new block. */
  amend(block: Block, state: State): Block {
    const amended = { ...block, state };
    this.#blocks.set(block.hash, amended);
    return amended;
  }
}

/** Returns a hash in place of a trie's root, which nobody checks: different blocks need different hashes. */
function rootOf(lines: readonly string[]): `0x${string}` {
  return toHex(blake2b(new TextEncoder().encode(lines.join('\n')), { dkLen: 32 }));
}
