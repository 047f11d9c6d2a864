/** A shorter secret is none: then nobody is the operator, rather than everybody who guesses it. */
const LEAST_CHARACTERS = 16;

/**
 * Whether an `authorization` header carries the operator's token; takes as long for a wrong one as for the right one.
 * @param token the secret OPERATOR_TOKEN; undefined: nobody is the operator
 */
export async function isOperator(authorization: string | undefined, token: string | undefined): Promise<boolean> {
  if (token === undefined || token.length < LEAST_CHARACTERS) return false;
  const [given, expected] = await Promise.all([digest(authorization ?? ''), digest(`Bearer ${token}`)]);
  return crypto.subtle.timingSafeEqual(given, expected);
}

/** Of one length, whatever the text's is. */
function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
}
