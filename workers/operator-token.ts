/** Whether an `authorization` header carries the operator's token; takes as long for a wrong one as for the right one. */
export async function isOperator(authorization: string | undefined, token: string): Promise<boolean> {
  const [given, expected] = await Promise.all([digest(authorization ?? ''), digest(`Bearer ${token}`)]);
  return crypto.subtle.timingSafeEqual(given, expected);
}

/** Of one length, whatever the text's is. */
function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
}
