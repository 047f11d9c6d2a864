import { isU32 } from '../envelope/address.ts';
import { err, ok, type Result } from '../result.ts';

/** What a caller still says about a request that is in work. */
export type Signal =
  /** Replies with a number below `credit` are taken. */
  | { readonly kind: 'credit'; readonly uid: string; readonly credit: number }
  /** Nobody waits for replies any more. */
  | { readonly kind: 'cancel'; readonly uid: string };

/** Characters of a uid: no envelope has more. */
const MAX_UID = 256;

const COMMANDS = { 'rmb.credit': 'credit', 'rmb.cancel': 'cancel' } as const;

/** Returns the command that carries a signal. */
export function commandOf({ kind }: Signal): string {
  return `rmb.${kind}`;
}

/** Returns whether a command carries a signal. */
export function isSignalCommand(command: string): command is keyof typeof COMMANDS {
  return Object.hasOwn(COMMANDS, command);
}

/** Returns the payload of a signal: UTF-8 of JSON. */
export function encodeSignal(signal: Signal): Uint8Array {
  const { kind: _, ...fields } = signal;
  return new TextEncoder().encode(JSON.stringify(fields));
}

/** Reads the payload of a signal. Fails with a text that says what is expected. */
export function decodeSignal(command: keyof typeof COMMANDS, payload: Uint8Array): Result<Signal, string> {
  const kind = COMMANDS[command];
  const { uid, credit } = fieldsOf(payload);
  if (typeof uid !== 'string' || uid.length > MAX_UID) {
    return err('expected the JSON of an object with the uid of a request');
  }
  if (kind === 'cancel') return ok({ kind, uid });
  if (typeof credit !== 'number' || !isU32(credit)) return err('expected a credit from 0 to 4294967295 beside the uid');
  return ok({ kind, uid, credit });
}

function fieldsOf(payload: Uint8Array): { readonly uid?: unknown; readonly credit?: unknown } {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return {};
  }
}
