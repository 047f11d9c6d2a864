import type { Result } from '../result.ts';
import { err, ok } from '../result.ts';
import type { Twin } from '../twin.ts';
import { ScaleFault, ScaleReader } from './scale-reader.ts';

/** More than any client of RMB writes for a relay string or a key. */
const MAX_FIELD_BYTES = 4096;

function field(reader: ScaleReader, name: string): Uint8Array {
  const bytes = reader.bytes();
  if (bytes.length > MAX_FIELD_BYTES) throw new ScaleFault(`${name} of ${bytes.length} bytes`);
  return bytes;
}

function readTwin(reader: ScaleReader): Twin {
  const id = reader.u32();
  const account = reader.take(32);
  // Anyone may write any bytes on chain. Invalid UTF-8 becomes U+FFFD, which no domain can hold.
  const relay = reader.option(() => new TextDecoder().decode(field(reader, 'relay')));
  for (let entities = reader.length(); entities > 0; entities -= 1) {
    reader.u32();
    reader.bytes();
  }
  const pk = reader.option(() => field(reader, 'pk'));
  reader.end();
  return { id, account, relay, pk };
}

/**
 * Decodes a value of `TfgridModule.Twins` (layout in PROTOCOL §8; entities are skipped). Bytes are copies. Never throws: a
 * value that does not fit exactly, or with trailing bytes, is refused with a reason. So another layout of a later runtime
 * is detected.
 */
export function decodeTwin(scale: Uint8Array): Result<Twin, string> {
  try {
    return ok(readTwin(new ScaleReader(scale)));
  } catch (fault) {
    if (fault instanceof ScaleFault) return err(fault.message);
    throw fault;
  }
}
