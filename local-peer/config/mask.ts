/** What stands where something secret stood. */
export const MASK = '***';

/** Paths that nodes serve for everybody; any other may be somebody's key. */
const PUBLIC_PATH = /^\/(?:ws|rpc)?\/?$/;

/** A URL without its password, and without a path or query that may be a key; what is no URL is hidden whole. */
export function maskUrl(value: string): string {
  if (!URL.canParse(value)) return MASK;
  const url = new URL(value);
  const isRedis = /^rediss?:$/.test(url.protocol);
  const user = url.username === '' && url.password === '' ? '' : `${isRedis ? url.username : ''}:${MASK}@`;
  // The path of a Redis is a database.
  const isPublic = isRedis ? /^(?:\/\d*)?$/.test(url.pathname) : PUBLIC_PATH.test(url.pathname);
  const path = isPublic && url.search === '' && url.hash === '' ? url.pathname.replace(/\/$/, '') : `/${MASK}`;
  return `${url.protocol}//${user}${hostOf(value, url)}${path}`;
}

/** A path; what is rather a secret, given where its file's name belongs, is hidden. */
export function maskPath(path: string): string {
  return /\s|^0x/i.test(path) ? MASK : path;
}

/** A URL's host as it was written: the parser drops a scheme's own port. */
function hostOf(value: string, url: URL): string {
  const port = /^[a-z]+:\/\/(?:[^/?#]*@)?[^/?#]*?(:\d+)(?:[/?#]|$)/i.exec(value)?.[1] ?? '';
  return url.port === '' ? `${url.hostname}${port}` : url.host;
}

/** A text without any of these secrets, as they are and as JSON writes them. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let hidden = text;
  for (const secret of secrets) {
    if (secret === '') continue;
    hidden = hidden.replaceAll(secret, MASK).replaceAll(JSON.stringify(secret).slice(1, -1), MASK);
  }
  return hidden;
}

/** What of a URL must appear nowhere: its password, as written and decoded, and a path or query that may be a key. */
export function secretsOf(value: string): string[] {
  if (!URL.canParse(value)) return [];
  const { protocol, username, password, pathname, search } = new URL(value);
  const isRedis = /^rediss?:$/.test(protocol);
  const path = isRedis || PUBLIC_PATH.test(pathname) ? '' : pathname;
  const parts = [isRedis ? '' : username, password, decoded(password), path, search];
  // What is shorter stands in every other word: hiding it would hide everything.
  return [...new Set(parts)].filter((part) => part.length >= 4);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
