/** Error code of the system → words for people. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAI_AGAIN: 'the name cannot be looked up, DNS does not answer',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was broken off',
  EHOSTUNREACH: 'no route to the host',
  EISDIR: 'it is a directory',
  ELOOP: 'its links form a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENETUNREACH: 'no route to the network',
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no directory',
  ENOTFOUND: 'there is no such host',
  EPERM: 'permission denied',
  EPIPE: 'the connection was broken off',
  EPROTO: 'the other side speaks no TLS',
  ETIMEDOUT: 'no answer in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that this machine does not know',
};

/**
 * Describes an error of the system for people: words, and the code to look up. Its own text is left out: it may quote a
 * path or a URL that is a secret.
 * @returns undefined when it is no error of the system
 */
export function systemFault(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return systemFault(error.errors[0]);
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const words = WORDS[error.code];
  return words === undefined ? error.code : `${words} (${error.code})`;
}
