import { headerOf } from '../../chain/block-answers.ts';
import type { Fault } from '../../chain/race.ts';
import { wait } from '../../chain/wait.ts';
import { isImplausible } from '../../durable-objects/chain-watcher/catch-up.ts';
import type { ChainStep, FollowRequest } from '../../durable-objects/contract.ts';
import { err, ok } from '../../proto/result.ts';
import type { ChainNode, ChainNodes } from '../twin-resolver/nodes.ts';
import type { EventTables } from './event-tables.ts';
import type { Head } from './heads.ts';
import { judgeHeads } from './heads.ts';
import type { NodeLog } from './node-log.ts';
import type { StepFault } from './read-blocks.ts';
import { readBlocks } from './read-blocks.ts';

/** All nodes together have so long for a step (ms): fifty blocks of a busy chain, or one node after another. */
const STEP_MS = 10_000;
/** A step takes several round trips; a node that needs longer than this has another one beside it (ms). */
const HEDGE_MS = 2_500;
/** When heads are compared, who has not answered by then is not waited for (ms). */
const HEADS_MS = 2_000;
const HEADER_MOST = 65_536;

/** The blocks of the chain and the twins among their events, from whichever node is good. Holds no request's I/O. */
export class ChainBlocks {
  readonly #nodes: ChainNodes;
  readonly #tables: EventTables;
  readonly #log: NodeLog;

  constructor(nodes: ChainNodes, tables: EventTables, log: NodeLog) {
    this.#nodes = nodes;
    this.#tables = tables;
    this.#log = log;
  }

  /** See `FollowRequest` and `ChainStep`. Ends within about 12 s; a node that failed is told of in the log once. */
  async follow(request: FollowRequest): Promise<ChainStep> {
    const expected = request.expectedHead ?? 0;
    if (request.isStalled === true) await this.#compareHeads(expected);
    const isBelieved = async (node: string, head: number) => {
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
          (head) => isBelieved(node.name, head),
        );
        if (read.ok) return read;
        faults.push(read.error);
        return err(read.error.fault);
      },
      STEP_MS,
      HEDGE_MS,
    );
    this.#tell(left);
    if (by !== undefined) this.#log.served(by);
    if (result.ok) return result.value;
    // Nobody could read these events: then that is not a node's fault, and the step is worth having without them.
    const step = faults.find((each) => each.step !== undefined)?.step;
    if (step !== undefined) return step;
    const [first] = faults;
    const agree =
      faults.length === this.#nodes.inOrder().length && faults.every((each) => each.astray === first?.astray);
    return { kind: 'failed', reason: result.error, astray: agree ? first?.astray : undefined };
  }

  /** Asks all nodes for their heads and prefers the most plausible; a single one is believed. @returns its name */
  async #compareHeads(expected: number): Promise<string | undefined> {
    const nodes = this.#nodes.inOrder();
    if (nodes.length < 2) return nodes[0]?.name;
    const stop = new AbortController();
    const late = wait(HEADS_MS, stop.signal).then(() => stop.abort());
    const heads = await Promise.all(nodes.map((node) => headOf(node, stop.signal)));
    stop.abort();
    await late;
    const verdict = judgeHeads(
      heads.filter((head) => head !== undefined),
      expected,
    );
    if (verdict === undefined) return undefined;
    this.#tell(verdict.left);
    this.#nodes.prefer(verdict.best);
    return verdict.best;
  }

  #tell(faults: readonly Fault[]): void {
    for (const { name, fault } of this.#log.left(faults)) {
      console.warn(JSON.stringify({ event: 'chain-node-left', node: name, fault }));
    }
  }
}

async function headOf(node: ChainNode, signal: AbortSignal): Promise<Head | undefined> {
  const read = await node.visit(signal, async (ask) => {
    const answers = await ask([{ method: 'chain_getHeader', params: [] }], HEADER_MOST);
    const header = answers.ok ? headerOf(answers.value[0]) : undefined;
    return header === undefined ? err('no head') : ok({ name: node.name, number: header.number });
  });
  return read.ok ? read.value : undefined;
}
