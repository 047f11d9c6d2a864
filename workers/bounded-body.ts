import { concatBytes } from '@noble/hashes/utils.js';

/** Who sends too much reads its answer only once it has sent all: so much more is taken, and thrown away (bytes). */
const LINGER_BYTES = 32 * 2 ** 20;

/**
 * Reads a body of at most `most` bytes; undefined when it is longer, `cut` when its sender is lost before its end.
 * A Content-Length is believed only when it is too much; the bytes are counted as they come, and never more than
 * `most` are kept.
 */
export async function readBounded(
  request: Pick<Request, 'headers' | 'body'>,
  most: number,
): Promise<Uint8Array | 'cut' | undefined> {
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let tooLong = Number(request.headers.get('content-length') ?? 0) > most;
  for (;;) {
    const next = await reader.read().catch(() => 'cut' as const);
    if (next === 'cut') return 'cut';
    const { done, value } = next;
    if (done) break;
    size += value.length;
    if (size > most) tooLong = true;
    if (tooLong) chunks.length = 0;
    else chunks.push(value);
    if (size > most + LINGER_BYTES) {
      reader.cancel().catch(() => undefined);
      break;
    }
  }
  return tooLong ? undefined : concatBytes(...chunks);
}
