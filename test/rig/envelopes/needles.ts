/** Texts and bytes that must not appear anywhere, by a name that may be shown. */
export type Secrets = ReadonlyMap<string, string | Uint8Array>;

/** Shorter texts occur by chance. */
const MIN_LENGTH = 8;

/** Returns every way in which bytes may be written into a text: as they are, in JSON, in a URL, in hex and in base64. */
export function formsOf(secret: string | Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const text =
    typeof secret === 'string' ? [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)] : [];
  const hex = bytes.toString('hex');
  const forms = [...text, hex, hex.toUpperCase(), ...[0, 1, 2].flatMap((shift) => base64Of(bytes, shift))];
  return [...new Set(forms)].filter((form) => form.length >= MIN_LENGTH);
}

/** Returns the secrets that a text holds, by name and form. */
export function found(text: string, secrets: Secrets): string[] {
  return [...secrets].flatMap(([name, secret]) =>
    formsOf(secret).flatMap((form, place) => (text.includes(form) ? [`${name}, form ${place}`] : [])),
  );
}

/** Returns base64 of the bytes after `shift` others: only the characters that do not depend on the others. */
function base64Of(bytes: Uint8Array, shift: number): string[] {
  const before = Buffer.alloc(shift);
  const whole = Buffer.concat([before, bytes]);
  const ends = { from: Math.ceil((shift * 8) / 6), to: Math.floor((whole.length * 8) / 6) };
  return (['base64', 'base64url'] as const).map((form) => whole.toString(form).slice(ends.from, ends.to));
}
