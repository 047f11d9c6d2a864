import type { Fault } from '../../proto/chain/race.ts';

/** Honest nodes differ by the blocks in flight between them. Heads this close (blocks) count as equal. */
const SPREAD = 3;
/** From so many nodes on, their middle is a better measure than this relay's clock. */
const QUORUM = 3;

/** A node and the number of its best block. */
export interface Head {
  readonly name: string;
  readonly number: number;
}

/** Which node to follow, and what is wrong with the others. */
export interface HeadsVerdict {
  readonly best: string;
  readonly left: readonly Fault[];
}

/** Returns the middle number; of an even count the higher one. */
function middle(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/**
 * Judges the heads of nodes. Three or more are measured by their middle, so that a dishonest
 * minority never wins. Two are measured by the expected head: one that does not grow, or that makes blocks up, is further from it.
 * A single node wins always, and of equal nodes the first one.
 * @param expected the expected number of the head, by the time that passed
 */
export function judgeHeads(heads: readonly Head[], expected: number): HeadsVerdict | undefined {
  const numbers = heads.map(({ number }) => number);
  const measure = (heads.length >= QUORUM ? middle(numbers) : undefined) ?? expected;
  const distance = ({ number }: Head) => Math.abs(number - measure);
  const [best] = heads.toSorted((a, b) => distance(a) - distance(b));
  if (best === undefined) return undefined;
  // Equal nodes are not switched for one block. But a node that is behind is never chosen: its head may not grow.
  const chosen = heads.find(({ number }) => Math.abs(number - best.number) <= SPREAD && number >= best.number) ?? best;
  const left = heads.filter(({ number }) => Math.abs(number - chosen.number) > SPREAD);
  return {
    best: chosen.name,
    left: left.map(({ name, number }) => ({
      name,
      fault: `its head ${number} is ${number < chosen.number ? 'behind' : 'ahead of'} another node's, ${chosen.number}`,
    })),
  };
}
