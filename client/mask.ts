/** Replaces a secret. */
export const MASK = '***';

/** Paths that nodes serve for everybody. Any other path may be a key. */
const PUBLIC_PATH = /^\/(?:ws|rpc)?\/?$/;

/** Returns a URL without its password, and without a path or query that may be a key. Hides a text that is no URL. */
export function maskUrl(value: string): string {
  if (!URL.canParse(value)) return MASK;
  const url = new URL(value);
  const isRedis = /^rediss?:$/.test(url.protocol);
  const user = url.username === '' && url.password === '' ? '' : `${isRedis ? url.username : ''}:${MASK}@`;
  // The path of a Redis URL is a database number.
  const isPublic = isRedis ? /^(?:\/\d*)?$/.test(url.pathname) : PUBLIC_PATH.test(url.pathname);
  const path = isPublic && url.search === '' && url.hash === '' ? url.pathname.replace(/\/$/, '') : `/${MASK}`;
  return `${url.protocol}//${user}${hostOf(value, url)}${path}`;
}

/** Returns a path. Hides a text that looks like a secret, given in place of its file's name. */
export function maskPath(path: string): string {
  return /\s|^0x/i.test(path) ? MASK : path;
}

/** Returns a URL's host as it was written: the parser drops a scheme's own port. */
function hostOf(value: string, url: URL): string {
  const port = /^[a-z]+:\/\/(?:[^/?#]*@)?[^/?#]*?(:\d+)(?:[/?#]|$)/i.exec(value)?.[1] ?? '';
  return url.port === '' ? `${url.hostname}${port}` : url.host;
}

/** Returns a text without these secrets, plain and in the form of JSON. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let hidden = text;
  for (const secret of secrets) {
    if (secret === '') continue;
    hidden = hidden.replaceAll(secret, MASK).replaceAll(JSON.stringify(secret).slice(1, -1), MASK);
  }
  return hidden;
}

/** Returns the secrets in a URL: its password, as written and decoded, and a path or query that may be a key. */
export function secretsOf(value: string): string[] {
  if (!URL.canParse(value)) return [];
  const { protocol, username, password, pathname, search } = new URL(value);
  const isRedis = /^rediss?:$/.test(protocol);
  const path = isRedis || PUBLIC_PATH.test(pathname) ? '' : pathname;
  const parts = [isRedis ? '' : username, password, decoded(password), path, search];
  // A shorter text occurs in ordinary words: hiding it would hide everything.
  return [...new Set(parts)].filter((part) => part.length >= 4);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
