/** Ends when nothing has come for so many ms. @param lastAt when something last came, by `performance.now()` */
export async function untilQuiet(lastAt: () => number, ms: number): Promise<void> {
  do await new Promise((resolve) => setTimeout(resolve, ms));
  while (performance.now() - lastAt() < ms);
}
