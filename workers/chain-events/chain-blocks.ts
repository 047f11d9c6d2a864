import { isImplausible } from '../../durable-objects/chain-watcher/catch-up.ts';
import type { ChainStep, FollowRequest } from '../../durable-objects/contract.ts';
import { logLine } from '../../durable-objects/log.ts';
import { headerOf } from '../../proto/chain/block-answers.ts';
import type { Fault } from '../../proto/chain/race.ts';
import { wait } from '../../proto/chain/wait.ts';
import { err, ok } from '../../proto/result.ts';
import type { ChainNode, ChainNodes } from '../twin-resolver/nodes.ts';
import type { EventTables } from './event-tables.ts';
import type { Head } from './heads.ts';
import { judgeHeads } from './heads.ts';
import type { NodeLog } from './node-log.ts';
import type { StepFault } from './read-blocks.ts';
import { readBlocks } from './read-blocks.ts';

/** The time for a step at all nodes together: fifty blocks of a busy chain, or one node after another. */
const STEP_MS = 10_000;
/** A step takes several round trips. After this the next node is asked as well. */
const HEDGE_MS = 2_500;
/** A comparison of heads does not wait longer for a node. */
const HEADS_MS = 2_000;
const HEADER_MOST_BYTES = 65_536;

/** Blocks of the chain and the twins in their events, from a good node. Holds no I/O of a request. */
export class ChainBlocks {
  readonly #nodes: ChainNodes;
  readonly #tables: EventTables;
  readonly #nodeLog: NodeLog;

  constructor(nodes: ChainNodes, tables: EventTables, log: NodeLog) {
    this.#nodes = nodes;
    this.#tables = tables;
    this.#nodeLog = log;
  }

  /** See `FollowRequest` and `ChainStep`. Resolves within about 12 s. Logs a failed node once. */
  async follow(request: FollowRequest): Promise<ChainStep> {
    const expected = request.expectedHead ?? 0;
    if (request.isStalled === true) await this.#compareHeads(expected);
    const isPlausible = async (node: string, head: number) => {
      if (request.expectedHead === undefined || !isImplausible(head, expected)) return true;
      return (await this.#compareHeads(expected)) === node;
    };
    const faults: StepFault[] = [];
    const {
      result,
      faults: left,
      by,
    } = await this.#nodes.ask(
      async (ask, node) => {
        const read = await readBlocks(
          ask,
          request,
          (genesis, specVersion, block) => this.#tables.of(genesis, specVersion, block, node.name, ask),
          (head) => isPlausible(node.name, head),
        );
        if (read.ok) return read;
        faults.push(read.error);
        return err(read.error.fault);
      },
      STEP_MS,
      HEDGE_MS,
    );
    this.#log(left);
    if (by !== undefined) this.#nodeLog.served(by);
    if (result.ok) return result.value;
    // No node's events could be read, so it is not the fault of a node. The step is useful without them.
    const step = faults.find((each) => each.step !== undefined)?.step;
    if (step !== undefined) return step;
    const [first] = faults;
    const agree =
      faults.length === this.#nodes.inOrder().length && faults.every((each) => each.astray === first?.astray);
    return { kind: 'failed', reason: result.error, astray: agree ? first?.astray : undefined };
  }

  /** Asks all nodes for their heads and prefers the most plausible one, or the only one. Resolves with its name. */
  async #compareHeads(expected: number): Promise<string | undefined> {
    const nodes = this.#nodes.inOrder();
    if (nodes.length < 2) return nodes[0]?.name;
    const stop = new AbortController();
    const timeout = wait(HEADS_MS, stop.signal).then(() => stop.abort());
    const heads = await Promise.all(nodes.map((node) => headOf(node, stop.signal)));
    stop.abort();
    await timeout;
    const verdict = judgeHeads(
      heads.filter((head) => head !== undefined),
      expected,
    );
    if (verdict === undefined) return undefined;
    this.#log(verdict.left);
    this.#nodes.prefer(verdict.best);
    return verdict.best;
  }

  #log(faults: readonly Fault[]): void {
    for (const { name, fault } of this.#nodeLog.left(faults)) {
      logLine('warn', 'chain-node-left', { node: name, fault });
    }
  }
}

async function headOf(node: ChainNode, signal: AbortSignal): Promise<Head | undefined> {
  const read = await node.visit(signal, async (ask) => {
    const answers = await ask([{ method: 'chain_getHeader', params: [] }], HEADER_MOST_BYTES);
    const header = answers.ok ? headerOf(answers.value[0]) : undefined;
    return header === undefined ? err('no head') : ok({ name: node.name, number: header.number });
  });
  return read.ok ? read.value : undefined;
}
