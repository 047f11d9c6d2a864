import { hexToBytes } from '@noble/hashes/utils.js';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';

/** A twin takes about 200 bytes; an answer above this is not about a twin and is not read to its end. */
export const MAX_ANSWER_BYTES = 65_536;

const MAX_QUOTE = 120;
const ID = 1;

/** The text of a JSON-RPC call that reads one storage value at the node's best block. */
export function getStorageCall(key: string): string {
  return JSON.stringify({ jsonrpc: '2.0', id: ID, method: 'state_getStorage', params: [key] });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: said by the caller
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a node wrote, fit for a log line: printable, and short. */
function quote(value: unknown): string {
  return String(typeof value === 'string' ? value : '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_QUOTE);
}

/** Whether the text answers our call: a WebSocket may carry other messages before it. */
export function isOurAnswer(text: string): boolean {
  const answer = parse(text);
  return isRecord(answer) && answer.id === ID;
}

/** Reads the answer to `getStorageCall`: the value's bytes, undefined where nothing is stored, or what was wrong. */
export function storageOf(text: string): Result<Uint8Array | undefined, string> {
  const answer = parse(text);
  if (!isRecord(answer) || answer.id !== ID) return err('its answer is not JSON-RPC');
  const { error, result } = answer;
  if (isRecord(error)) return err(`error ${Number(error.code)} ${quote(error.message)}`.trimEnd());
  if (result === null) return ok(undefined);
  if (typeof result !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(result)) return err('its result is not 0x hex');
  return ok(hexToBytes(result.slice(2)));
}
