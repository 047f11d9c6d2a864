import { hashesOf, headerOf } from '../../proto/chain/block-answers.ts';
import { bytesOf } from '../../proto/chain/json-rpc.ts';
import { changesOf } from '../../proto/chain/storage-changes.ts';
import { TWINS_PREFIX, twinIdOfKey } from '../../proto/chain/storage-key.ts';
import { decodeTwin } from '../../proto/chain/twin-record.ts';
import type { Result } from '../../proto/result.ts';
import { err } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';

/** Keys of a page. Nodes give at most 1,000. */
const PAGE = 500;

/** Asks a node. */
export type AskNode = (method: string, params: readonly unknown[]) => Promise<Result<unknown, string>>;

/** All twins of a chain at one block. */
export interface Fleet {
  readonly genesis: string;
  readonly block: number;
  readonly twins: readonly Twin[];
  /** Twins that cannot be decoded, and why. The relay reads each when it is needed, and says the same. */
  readonly faults: readonly string[];
}

/** Reads all twins at the last finalized block, by pages. Throws with what was wrong with the node. */
export async function readFleet(ask: AskNode, onPage: (twins: number) => void = () => undefined): Promise<Fleet> {
  const [genesis] = hashesOf(await need(ask, 'chain_getBlockHash', [[0]]), 1) ?? [];
  if (typeof genesis !== 'string') throw new Error('the node has no block 0');
  // No fork reaches it, so each page is of the same chain.
  const [hash] = hashesOf([await need(ask, 'chain_getFinalizedHead', [])], 1) ?? [];
  const header = headerOf(await need(ask, 'chain_getHeader', [hash]));
  if (header === undefined) throw new Error('the node has no header of its finalized block');
  const twins: Twin[] = [];
  const faults: string[] = [];
  let last: string | null = null;
  for (;;) {
    const keys = keysOf(await need(ask, 'state_getKeysPaged', [TWINS_PREFIX, PAGE, last, hash]), last);
    if (keys.length === 0) return { genesis, block: header.number, twins, faults };
    const values = changesOf(await need(ask, 'state_queryStorageAt', [keys, hash]));
    if (!values.ok) throw new Error(`state_queryStorageAt: ${values.error}`);
    for (const key of keys) {
      const twin = twinOf(key, values.value.get(key));
      if (twin.ok) twins.push(twin.value);
      else faults.push(twin.error);
    }
    last = keys.at(-1) ?? null;
    onPage(twins.length);
  }
}

async function need(ask: AskNode, method: string, params: readonly unknown[]): Promise<unknown> {
  const answer = await ask(method, params);
  if (!answer.ok) throw new Error(`${method}: ${answer.error}`);
  return answer.value;
}

/** Returns the keys of a page. They must go on after the last one, or a node could lead around in circles. */
function keysOf(result: unknown, last: string | null): string[] {
  const values: unknown[] = Array.isArray(result) ? result : [result];
  const keys = values.filter((key) => typeof key === 'string');
  const inOrder = keys.every((key, place) => key > (place === 0 ? (last ?? '') : (keys[place - 1] ?? '')));
  if (keys.length !== values.length || !inOrder) throw new Error('state_getKeysPaged: its keys are not in order');
  return keys;
}

function twinOf(key: string, stored: unknown): Result<Twin, string> {
  const id = twinIdOfKey(key);
  if (id === undefined) return err(`${key} is no key of a twin`);
  const bytes = bytesOf(stored ?? null);
  if (!bytes.ok || bytes.value === undefined) return err(`twin ${id}: ${bytes.ok ? 'no value' : bytes.error}`);
  const twin = decodeTwin(bytes.value);
  if (!twin.ok) return err(`twin ${id}: ${twin.error}`);
  return twin.value.id === id ? twin : err(`twin ${id}: the value is of twin ${twin.value.id}`);
}
