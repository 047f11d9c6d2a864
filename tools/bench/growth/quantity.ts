/** Returns a size as text: 100 B, 64 KiB, 1 MiB. */
export function bytesText(bytes: number): string {
  if (bytes < 2 ** 10) return `${bytes} B`;
  return bytes < 2 ** 20 ? `${short(bytes / 2 ** 10)} KiB` : `${short(bytes / 2 ** 20)} MiB`;
}

/** Returns a number with three significant digits and separators: 0.42, 13.5, 71,200. */
export function short(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
