import type { Fault } from '../../chain/race.ts';

/** Honest nodes differ by what is on its way to them: heads so close to each other are the same (blocks). */
const SPREAD = 3;
/** From so many on, the nodes' own middle says more than our clock. */
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

/** The middle number; of an even count the higher one of the two. */
function middle(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/**
 * Judges what nodes say about the chain's head. Three or more are measured by their middle, so that a minority that
 * lies or stands still is found whatever it says; two by what the head should be by our clock: of one that stands
 * still and one that moves the second is nearer to it, of one that is plausible and one that makes blocks up the
 * first. A single node is always believed; of nodes that are as good as each other the first of the list.
 * @param expected where the head should be by the time that passed
 */
export function judgeHeads(heads: readonly Head[], expected: number): HeadsVerdict | undefined {
  const numbers = heads.map(({ number }) => number);
  const measure = (heads.length >= QUORUM ? middle(numbers) : undefined) ?? expected;
  const distance = ({ number }: Head) => Math.abs(number - measure);
  const [best] = heads.toSorted((a, b) => distance(a) - distance(b));
  if (best === undefined) return undefined;
  // No switching to and fro over a block; but never to one that is behind, it may be the one that stands still.
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
