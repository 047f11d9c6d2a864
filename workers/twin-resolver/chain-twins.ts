import { bytesOf } from '../../proto/chain/json-rpc.ts';
import { changesOf } from '../../proto/chain/storage-changes.ts';
import { LAST_TWIN_ID_KEY, twinStorageKey } from '../../proto/chain/storage-key.ts';
import { decodeTwin } from '../../proto/chain/twin-record.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import { type Ask, isTooLong } from './answers.ts';
import type { ChainNodes } from './nodes.ts';

/** A twin takes about 200 bytes. A longer answer is no twin, and is not read to its end. */
const MAX_ANSWER_BYTES = 65_536;
/** The answer for many twins, with their keys: several times what they take. */
const MAX_MANY_BYTES = 2 ** 20;
/** Nodes that did not answer in time are waited for so much longer, because the client tries again. */
const PATIENCE_MS = 4_000;
/** The least time for half of a query. */
const LEAST_MS = 500;

/** Takes what the chain says of a twin. An error may be followed by an answer. */
export type TellTwin = (id: number, answer: Result<Twin | undefined, string>) => void;

function twinOf(id: number, result: unknown): Result<Twin | undefined, string> {
  const stored = bytesOf(result);
  if (!stored.ok) return stored;
  if (stored.value === undefined) return ok(undefined);
  const twin = decodeTwin(stored.value);
  if (!twin.ok) return err(`its twin ${id} cannot be decoded: ${twin.error}`);
  return twin.value.id === id ? twin : err(`it answered with twin ${twin.value.id}`);
}

type Answers = ReadonlyMap<number, Result<Twin | undefined, string>>;

/** Reads twins of one node, in one query. It fails if no twin can be decoded: then another node may be better. */
async function askTwins(ask: Ask, ids: readonly number[]): Promise<Result<Answers, string>> {
  const [first = 0] = ids;
  if (ids.length === 1) {
    const answers = await ask([{ method: 'state_getStorage', params: [twinStorageKey(first)] }], MAX_ANSWER_BYTES);
    const twin = answers.ok ? twinOf(first, answers.value[0]) : answers;
    return twin.ok ? ok(new Map([[first, twin]])) : twin;
  }
  const answers = await ask([{ method: 'state_queryStorageAt', params: [ids.map(twinStorageKey)] }], MAX_MANY_BYTES);
  if (!answers.ok) return answers;
  const changes = changesOf(answers.value[0]);
  if (!changes.ok) return changes;
  const twins = new Map(
    ids.map((id) => {
      const stored = changes.value.get(twinStorageKey(id));
      return [id, stored === undefined ? err(`it left out twin ${id}`) : twinOf(id, stored)] as const;
    }),
  );
  const faults = [...twins.values()].flatMap((twin) => (twin.ok ? [] : [twin.error]));
  const [fault] = faults;
  return fault !== undefined && faults.length === ids.length ? err(fault) : ok(twins);
}

/** Reads a u32, little-endian; undefined if the chain has none. */
function lastIdOf(result: unknown): Result<number | undefined, string> {
  const stored = bytesOf(result);
  if (!stored.ok || stored.value === undefined) return stored.ok ? ok(undefined) : stored;
  const { buffer, byteOffset, length } = stored.value;
  return length === 4 ? ok(new DataView(buffer, byteOffset).getUint32(0, true)) : err('its last twin id is no u32');
}

/** The twins on chain, from the first configured node that answers. Holds no I/O of a request. */
export class ChainTwins {
  readonly #nodes: ChainNodes;

  constructor(nodes: ChainNodes) {
    this.#nodes = nodes;
  }

  /**
   * Reads twin `id` within `budget` ms: undefined if the chain has none. The error says what each node did.
   * @param block hash of the block to read at, from a node that knows it; absent: the node's best block
   */
  async read(id: number, budget: number, block?: string): Promise<Result<Twin | undefined, string>> {
    const key = twinStorageKey(id);
    const call = { method: 'state_getStorage', params: block === undefined ? [key] : [key, block] };
    const { result } = await this.#nodes.ask(async (ask) => {
      const answers = await ask([call], MAX_ANSWER_BYTES);
      return answers.ok ? twinOf(id, answers.value[0]) : answers;
    }, budget);
    return result;
  }

  /**
   * Reads twins together within `budget` ms. Answers that come up to 4 s later are told as well. Resolves when no more come;
   * never rejects.
   */
  async readMany(ids: readonly number[], budget: number, tell: TellTwin): Promise<void> {
    const began = Date.now();
    const { asked, late } = await this.#nodes.askPatiently((ask) => askTwins(ask, ids), budget, PATIENCE_MS);
    const { result, faults } = asked;
    if (!result.ok && ids.length > 1 && faults.some(({ fault }) => isTooLong(fault))) {
      await late;
      // One twin that is too long must not take the others with it.
      const half = Math.ceil(ids.length / 2);
      for (const part of [ids.slice(0, half), ids.slice(half)]) {
        await this.readMany(part, Math.max(budget - (Date.now() - began), LEAST_MS), tell);
      }
      return;
    }
    if (!result.ok) for (const id of ids) tell(id, result);
    const answers = result.ok ? result.value : await late;
    // Answers first: they say that the chain is there, whatever is wrong with one of its twins.
    const told = [...(answers ?? [])].sort(([, a], [, b]) => Number(b.ok) - Number(a.ok));
    for (const [id, answer] of told) tell(id, answer);
    await late;
  }

  /** Reads the highest id that a twin ever had within `budget` ms; undefined if the chain does not store it. */
  async lastId(budget: number): Promise<Result<number | undefined, string>> {
    const call = { method: 'state_getStorage', params: [LAST_TWIN_ID_KEY] };
    const { result } = await this.#nodes.ask(async (ask) => {
      const answers = await ask([call], MAX_ANSWER_BYTES);
      return answers.ok ? lastIdOf(answers.value[0]) : answers;
    }, budget);
    return result;
  }
}
