/** Keeps the daemon alive when the reader of its output leaves (`| head -1`, a closed terminal). */
export function outliveReaders(): void {
  // Without a listener, the first write after the reader left ends the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
