/** Characters that act on a terminal or change how a line reads: controls, line separators, bidi marks, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Surrogate}]/gu;
const UNPRINTABLE_RUN = new RegExp(`(?:${UNPRINTABLE.source})+`, 'gu');

/**
 * Returns a stranger's text as one line for people: each run of unprintable characters becomes a space. Otherwise the
 * text could move the cursor, retitle the window, or begin a line of its own.
 */
export function plain(text: string): string {
  return text.replaceAll(UNPRINTABLE_RUN, ' ').trim();
}

/**
 * Returns a value as JSON that a terminal can show: `JSON.stringify` leaves C1 controls and bidi marks as they are.
 * Programs read the same value.
 */
export function plainJson(value: object): string {
  return JSON.stringify(value).replaceAll(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
