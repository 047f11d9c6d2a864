/** Keeps the daemon alive when the reader of its output leaves (`| head -1`, a closed terminal). */
export function outliveReaders(): void {
  // Without a listener the error of the first write that nobody reads ends the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
