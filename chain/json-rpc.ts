import { hexToBytes } from '@noble/hashes/utils.js';
import type { Result } from '../proto/result.ts';
import { err, ok } from '../proto/result.ts';

const MAX_QUOTE = 120;

/** A JSON-RPC call. */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a node says. */
export type RpcMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly outcome: Result<unknown, string> }
  /** A batch of calls is refused as a whole: with an error that names no call. */
  | { readonly kind: 'refusal'; readonly fault: string }
  /** News of a subscription. */
  | { readonly kind: 'notice'; readonly method: string; readonly result: unknown };

/** The text of a call. */
export function encodeCall({ method, params }: RpcCall, id: number): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** What a node sent, as one message or a batch of them; what is no JSON-RPC is passed over. Never throws. */
export function messagesOf(text: string): RpcMessage[] {
  const message = parse(text);
  return (Array.isArray(message) ? message : [message]).flatMap((each) => messageOf(each) ?? []);
}

/** A stored value: its bytes, undefined where nothing is stored. */
export function bytesOf(result: unknown): Result<Uint8Array | undefined, string> {
  if (result === null) return ok(undefined);
  if (typeof result !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(result)) return err('its result is not 0x hex');
  return ok(hexToBytes(result.slice(2)));
}

/** What a node wrote, fit for a log line: printable, and short. */
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
    return undefined; // not JSON: passed over like any other nonsense
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
