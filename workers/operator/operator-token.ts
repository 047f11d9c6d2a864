/** A shorter secret is ignored: then nobody is the operator, instead of everybody who guesses it. */
const LEAST_CHARACTERS = 16;

/**
 * Returns whether an `authorization` header has the operator's token, in constant time.
 * @param token the secret OPERATOR_TOKEN; undefined: nobody is the operator
 */
export async function isOperator(authorization: string | undefined, token: string | undefined): Promise<boolean> {
  if (token === undefined || token.length < LEAST_CHARACTERS) return false;
  const [given, expected] = await Promise.all([digest(authorization ?? ''), digest(`Bearer ${token}`)]);
  return crypto.subtle.timingSafeEqual(given, expected);
}

/** Returns 32 bytes, whatever the length of the text. */
function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
}
