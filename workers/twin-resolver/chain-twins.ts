import { bytesOf } from '../../chain/json-rpc.ts';
import { LAST_TWIN_ID_KEY, twinStorageKey } from '../../chain/storage-key.ts';
import { decodeTwin } from '../../chain/twin-record.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { ChainNodes } from './nodes.ts';

/** A twin takes about 200 bytes; an answer above this is not about a twin and is not read to its end. */
const MAX_ANSWER_BYTES = 65_536;

function twinOf(id: number, result: unknown): Result<Twin | undefined, string> {
  const stored = bytesOf(result);
  if (!stored.ok) return stored;
  if (stored.value === undefined) return ok(undefined);
  const twin = decodeTwin(stored.value);
  if (!twin.ok) return err(`its twin ${id} cannot be decoded: ${twin.error}`);
  return twin.value.id === id ? twin : err(`it answered with twin ${twin.value.id}`);
}

/** A u32, little-endian; undefined where the chain has none. */
function lastIdOf(result: unknown): Result<number | undefined, string> {
  const stored = bytesOf(result);
  if (!stored.ok || stored.value === undefined) return stored.ok ? ok(undefined) : stored;
  const { buffer, byteOffset, length } = stored.value;
  return length === 4 ? ok(new DataView(buffer, byteOffset).getUint32(0, true)) : err('its last twin id is no u32');
}

/** The twins on chain, by way of whichever configured node answers first. Holds no I/O of any request. */
export class ChainTwins {
  readonly #nodes: ChainNodes;

  constructor(nodes: ChainNodes) {
    this.#nodes = nodes;
  }

  /**
   * Reads twin `id` within `budget` ms: undefined where the chain has none, an error that says what each node did.
   * @param block hash of the block to read at (a node that does not know it is left for another); absent: the
   * node's best one
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

  /** Reads the highest id that a twin ever had within `budget` ms; undefined where the chain does not say. */
  async lastId(budget: number): Promise<Result<number | undefined, string>> {
    const call = { method: 'state_getStorage', params: [LAST_TWIN_ID_KEY] };
    const { result } = await this.#nodes.ask(async (ask) => {
      const answers = await ask([call], MAX_ANSWER_BYTES);
      return answers.ok ? lastIdOf(answers.value[0]) : answers;
    }, budget);
    return result;
  }
}
