/** Resolves after a silence of this many ms. @param lastAt time of the last arrival, by `performance.now()` */
export async function untilQuiet(lastAt: () => number, ms: number): Promise<void> {
  do await new Promise((resolve) => setTimeout(resolve, ms));
  while (performance.now() - lastAt() < ms);
}
