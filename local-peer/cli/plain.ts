/** Characters that act on a terminal or change how a line reads: controls, line separators, bidi marks, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Surrogate}]/gu;
const UNPRINTABLE_RUN = new RegExp(`(?:${UNPRINTABLE.source})+`, 'gu');

/**
 * Returns a stranger's text as one line for people: each run of unprintable characters becomes a space. Otherwise the
 * text could move the cursor, retitle the window, or begin a line of its own.
 */
export function plain(text: string): string {
  return plainIndented(text).trim();
}

/** Returns the same for a line whose indentation counts. */
export function plainIndented(text: string): string {
  return text.replaceAll(UNPRINTABLE_RUN, ' ').trimEnd();
}

/**
 * Returns a value as JSON that a terminal can show: `JSON.stringify` leaves C1 controls and bidi marks as they are.
 * Programs read the same value.
 * @param indent spaces a level; without it the JSON is one line
 */
export function plainJson(value: object, indent = 0): string {
  const lines = JSON.stringify(value, null, indent).split('\n');
  return lines.map((line) => line.replaceAll(UNPRINTABLE, escaped)).join('\n');
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
