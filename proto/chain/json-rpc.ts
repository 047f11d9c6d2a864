import { hexToBytes } from '@noble/hashes/utils.js';
import type { Result } from '../result.ts';
import { err, ok } from '../result.ts';

const MAX_QUOTE = 120;

/** A JSON-RPC call. */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A message of a node. */
export type RpcMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: Result<unknown, string> }
  /** A batch of calls was refused as a whole, with an error that names no call. */
  | { readonly kind: 'refusal'; readonly fault: string }
  /** A notification of a subscription. */
  | { readonly kind: 'notice'; readonly method: string; readonly result: unknown };

/** Encodes a call. */
export function encodeCall({ method, params }: RpcCall, id: number): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** Returns the messages in a text of a node: one or a batch. Other JSON is ignored. Never throws. */
export function messagesOf(text: string): RpcMessage[] {
  const message = parse(text);
  return (Array.isArray(message) ? message : [message]).flatMap((each) => messageOf(each) ?? []);
}

/** Returns the bytes of a stored value; undefined if nothing is stored. */
export function bytesOf(result: unknown): Result<Uint8Array | undefined, string> {
  if (result === null) return ok(undefined);
  if (typeof result !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(result)) return err('its result is not 0x hex');
  return ok(hexToBytes(result.slice(2)));
}

/** Returns a text of a node for a log line: printable and short. */
export function quote(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_QUOTE);
}

function messageOf(message: unknown): RpcMessage | undefined {
  if (!isRecord(message)) return undefined;
  const { id, error, result, method, params } = message;
  if (typeof id === 'number') return { kind: 'answer', id, outcome: outcomeOf(error, result) };
  if (id === null && isRecord(error)) return { kind: 'refusal', fault: faultOf(error) };
  if (typeof method === 'string' && isRecord(params)) return { kind: 'notice', method, result: params.result };
  return undefined;
}

function outcomeOf(error: unknown, result: unknown): Result<unknown, string> {
  if (isRecord(error)) return err(faultOf(error));
  return result === undefined ? err('its answer is not JSON-RPC') : ok(result);
}

function faultOf({ code, message }: Record<string, unknown>): string {
  const words = typeof message === 'string' ? quote(message) : '';
  return ['error', ...(typeof code === 'number' ? [code] : []), words].join(' ').trimEnd();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: ignored like other invalid messages.
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
