import { type Line, linesOf } from '../line.ts';

/** Observations of a node. */
export interface NodeSeen {
  /** Its URL, without what may be a key. */
  readonly name: string;
  /** Its chain, or a text that says why the node cannot be used. */
  readonly chain: ChainSeen | string;
}

export interface ChainSeen {
  /** The chain's own name: `TF Chain Mainnet`. */
  readonly title: string;
  /** Hash of block 0: two networks never share it. */
  readonly genesis: string;
  /** Whether it has a pallet of twins. */
  readonly isTfchain: boolean;
  readonly head: number;
  /** Whether a new block came, or the last one is fresh. */
  readonly isMoving: boolean;
  /** Last block's time minus this machine's, seconds; undefined if unknown. */
  readonly ahead: number | undefined;
}

/** Judges the nodes. A node that is down is a warning while another one works, else a failure. */
export function judgeChain(nodes: readonly NodeSeen[]): Line[] {
  const seen = nodes.flatMap(({ chain }) => (typeof chain === 'string' ? [] : [chain]));
  const [first] = seen.filter(({ isTfchain }) => isTfchain);
  const mends = nodes.length > 1 ? 'remove it from --substrate, or wait; the others are used' : 'see --substrate';
  return nodes.flatMap(({ name, chain }) => {
    const lines = linesOf(`chain ${name}`);
    if (typeof chain !== 'string') {
      const look = [lines.ok('reachable', 'yes'), judgeNetwork(chain, first, lines)];
      return [...look, judgeBlocks(chain, lines)];
    }
    const tell = seen.length > 0 ? lines.warn : lines.fail;
    const rest = ['network', 'blocks'].map((what) => lines.skipped(what, 'the node does not answer'));
    return [tell('reachable', chain, `is the node up, and the URL right? ${mends}`), ...rest];
  });
}

function judgeNetwork(chain: ChainSeen, first: ChainSeen | undefined, lines: ReturnType<typeof linesOf>): Line {
  const { title, genesis, isTfchain } = chain;
  const short = genesis.slice(0, 10);
  if (!isTfchain) {
    return lines.fail('network', `${title} (${short}…) is no tfchain: it has no twins`, 'see --substrate');
  }
  if (first !== undefined && first.genesis !== genesis) {
    const detail = `${title} (${short}…) is another network than ${first.title} (${first.genesis.slice(0, 10)}…)`;
    return lines.fail('network', detail, 'use nodes of one network in --substrate');
  }
  return lines.ok('network', `${title} (${short}…)`);
}

function judgeBlocks({ head, isMoving }: ChainSeen, lines: ReturnType<typeof linesOf>): Line {
  if (isMoving) return lines.ok('blocks', `new blocks come, the last is ${head}`);
  return lines.fail('blocks', `none after ${head} within 6 s`, 'the node has stalled: use another one in --substrate');
}
