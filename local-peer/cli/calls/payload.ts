import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { systemFault } from '../../../client/system-fault.ts';
import { UsageError } from '../../config/layers.ts';

/** Source of a request's payload. */
export interface PayloadSource {
  /** The payload itself. */
  readonly data?: string | undefined;
  /** A file; `-` is stdin. */
  readonly file?: string | undefined;
  /** Whether the argument `-` is given. */
  readonly isStdin?: boolean;
}

/** Reads a payload. @param fallback the payload without a source. @throws UsageError when it is given twice, or not readable */
export async function readPayload(
  { data, file, isStdin = false }: PayloadSource,
  fallback: Uint8Array,
): Promise<Uint8Array> {
  const ways = [data !== undefined, file !== undefined, isStdin].filter(Boolean);
  if (ways.length > 1) throw new UsageError('--data, --file and -: give the payload once');
  if (isStdin || file === '-') return buffer(process.stdin);
  if (data !== undefined) return Buffer.from(data);
  if (file === undefined) return fallback;
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`--file: ${file} cannot be read: ${systemFault(error) ?? 'it cannot be opened'}`);
  }
}

/** Returns a payload for JSON: as base64, and as text if it is UTF-8. */
export function payloadJson(data: Uint8Array): { readonly base64: string; readonly text: string | null } {
  return { base64: Buffer.from(data).toString('base64'), text: textOf(data) ?? null };
}

/** Returns bytes as text; undefined if they are no UTF-8. */
function textOf(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
