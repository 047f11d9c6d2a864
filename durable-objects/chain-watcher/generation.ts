/** Digits of the genesis hash in a name. */
const GENESIS_DIGITS = 16;

/**
 * Returns the name of a generation: every record in it was read from this chain, at this block or later. Another start on
 * the same chain is another one. @param now Unix ms
 */
export function generationName(genesis: string, block: number, now: number): string {
  return `${digitsOf(genesis)}:${block}:${now}`;
}

/** Returns the block of a generation; undefined if it is of another chain, or no name. */
export function generationBlock(name: string, genesis: string): number | undefined {
  const [, digits, block] = /^([0-9a-f]+):(\d{1,12}):\d+$/.exec(name) ?? [];
  return block !== undefined && digits === digitsOf(genesis) ? Number(block) : undefined;
}

function digitsOf(genesis: string): string {
  return genesis.slice(2, 2 + GENESIS_DIGITS);
}
