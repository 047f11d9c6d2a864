import type { Answer, Batch, GatheredAnswer } from '../../contract.ts';

/**
 * Takes batches of several senders, in order. Resolves with an answer for each; a batch that fails concerns its own
 * sender alone.
 */
export async function takeAll(
  batches: readonly Batch[],
  take: (batch: Batch) => Promise<Answer>,
): Promise<GatheredAnswer[]> {
  return await Promise.all(
    batches.map(async (batch): Promise<GatheredAnswer> => {
      try {
        return await take(batch);
      } catch (error) {
        return { failed: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}
