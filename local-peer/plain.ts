/** What a stranger said, in a line for people: it must not move the cursor, or begin a line of its own. */
export function plain(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim();
}
