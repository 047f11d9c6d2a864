import { readFile } from 'node:fs/promises';
import { type Runtime, readRuntime } from './runtime.ts';

/** `meta`, the first bytes of all metadata. */
const MAGIC = '6d657461';

/**
 * Reads `--metadata FILE`: a network's metadata as `state_getMetadata` returns it, in hex or as bytes. Throws naming the
 * file and its fault.
 */
export async function readMetadataFile(path: string): Promise<Runtime> {
  const bytes = await readFile(path);
  const hex = bytes.toString('hex', 0, 4) === MAGIC ? bytes.toString('hex') : hexIn(bytes.toString('latin1'));
  if (hex === undefined) throw new Error(`${path}: no metadata: neither its bytes nor 0x${MAGIC}… in hex`);
  try {
    return readRuntime(`0x${hex}`);
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function hexIn(text: string): string | undefined {
  // Common forms of the file: a JSON string, or one line of hex.
  return /^"?0x(6d657461([0-9a-f]{2})*)"?$/i.exec(text.trim())?.[1]?.toLowerCase();
}
