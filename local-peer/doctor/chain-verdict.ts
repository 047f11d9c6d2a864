import { type Line, linesOf } from './line.ts';

/** A node as it showed itself. */
export interface NodeSeen {
  /** Its URL, without what may be a key. */
  readonly name: string;
  /** What it serves; a text is why it cannot be used. */
  readonly chain: ChainSeen | string;
}

export interface ChainSeen {
  /** As the chain calls itself: `TF Chain Mainnet`. */
  readonly title: string;
  /** Hash of block 0: two networks never share it. */
  readonly genesis: string;
  /** Whether it has a pallet of twins. */
  readonly isTfchain: boolean;
  readonly head: number;
  /** A new block came, or the last one is fresh. */
  readonly isMoving: boolean;
  /** The last block's time minus ours, seconds; undefined when it does not tell. */
  readonly ahead: number | undefined;
}

/** What is wrong with the nodes; a node that is down is worth a warning while another is there. */
export function judgeChain(nodes: readonly NodeSeen[]): Line[] {
  const seen = nodes.flatMap(({ chain }) => (typeof chain === 'string' ? [] : [chain]));
  const [first] = seen.filter(({ isTfchain }) => isTfchain);
  const mends = nodes.length > 1 ? 'take it out of --substrate, or wait; the others are used' : 'see --substrate';
  return nodes.flatMap(({ name, chain }) => {
    const lines = linesOf(`chain ${name}`);
    if (typeof chain !== 'string') {
      const look = [lines.ok('reachable', 'yes'), judgeNetwork(chain, first, lines)];
      return [...look, judgeBlocks(chain, lines)];
    }
    const tell = seen.length > 0 ? lines.warn : lines.fail;
    const rest = ['network', 'blocks'].map((what) => lines.skipped(what, 'the node gives no answer'));
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
    return lines.fail('network', detail, 'name nodes of one network only in --substrate');
  }
  return lines.ok('network', `${title} (${short}…)`);
}

function judgeBlocks({ head, isMoving }: ChainSeen, lines: ReturnType<typeof linesOf>): Line {
  if (isMoving) return lines.ok('blocks', `they come, the last is ${head}`);
  return lines.fail(
    'blocks',
    `none after ${head} within 6 s`,
    'the node stands still: give another one in --substrate',
  );
}
