/** How long a relay may take to answer: so long, and a second more for each MiB it must read first (ms). */
const ANSWER_MS = 3_000;
const MIB = 2 ** 20;

/** The header in which our relays name themselves, so that one never takes back what it sent itself. */
export const VIA = 'rmb-via';

/**
 * POSTs an envelope to another relay.
 * @param domain a host[:port] that `relayDomains` let through: nothing else may reach the URL
 * @param via our own domain
 * @returns the status; undefined when none came in time. Never rejects
 */
export async function postEnvelope(
  scheme: 'https' | 'http',
  domain: string,
  via: string,
  bytes: Uint8Array,
): Promise<number | undefined> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ANSWER_MS + Math.floor(bytes.length / MIB) * 1000);
  try {
    const response = await fetch(`${scheme}://${domain}/`, {
      method: 'POST',
      headers: { [VIA]: via },
      body: bytes,
      redirect: 'manual',
      signal: abort.signal,
    });
    // The status says it all: a body is not read, however long somebody makes it.
    response.body?.cancel().catch(() => undefined);
    return response.status;
  } catch {
    // Unresolvable, refused, reset, no TLS, or too slow: the same to us.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
