/** Every code of `RmbError`, and whether the same call may succeed later, unchanged. docs/client.md says what each means. */
export const RETRYABLE = {
  identity: false,
  chain: true,
  relay: true,
  unverified: false,
  'answered-error': false,
  'invalid-reply': false,
  incomplete: false,
  'no-answer': true,
  offline: true,
  'unknown-twin': false,
  'no-shared-key': false,
  'broken-key': false,
  'too-large': false,
  unsendable: false,
  invalid: false,
  aborted: false,
  closed: false,
} as const satisfies Record<string, boolean>;

/** A code of `RmbError`. */
export type RmbErrorCode = keyof typeof RETRYABLE;

/** An error that a twin signed in place of a response. */
export interface ErrorReply {
  /** "twin" or "twin:sid" of the session that replied. */
  readonly source: string;
  readonly code: number;
  readonly message: string;
}

/** Details of an error. */
export interface RmbErrorDetails {
  readonly twin?: number | undefined;
  readonly uid?: string | undefined;
  readonly relay?: string | undefined;
  readonly reply?: ErrorReply | undefined;
  readonly cause?: unknown;
}

/** Why the bus could not do what it was asked for. The message is for people; it may quote a stranger's text. */
export class RmbError extends Error {
  override readonly name = 'RmbError';
  readonly code: RmbErrorCode;
  /** Id of the twin that it is about. */
  readonly twin: number | undefined;
  /** The uid of the request. */
  readonly uid: string | undefined;
  /** URL or host of the relay. */
  readonly relay: string | undefined;
  /** The twin's own error, with code `answered-error`. */
  readonly reply: ErrorReply | undefined;

  constructor(code: RmbErrorCode, message: string, { twin, uid, relay, reply, cause }: RmbErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.twin = twin;
    this.uid = uid;
    this.relay = relay;
    this.reply = reply;
  }

  /** Whether the same call may succeed later, unchanged. */
  get retryable(): boolean {
    return RETRYABLE[this.code];
  }
}

/** Why a message is refused. `faultError` gives the code of RMB (PROTOCOL §9) and the text. */
export type PeerFault =
  | { readonly reason: 'message'; readonly detail: string }
  | { readonly reason: 'payload'; readonly detail: string }
  | { readonly reason: 'expired'; readonly what: string }
  | { readonly reason: 'unknown-twin'; readonly twin: number }
  | { readonly reason: 'signature'; readonly text: string }
  /** Its seal is wrong; `text` says how. */
  | { readonly reason: 'seal'; readonly text: string }
  /** No honest sender writes such a field. */
  | { readonly reason: 'implausible'; readonly text: string }
  /** One of its texts contains the mark of a seal: nobody may sign it. */
  | { readonly reason: 'mark' }
  /** More characters of tags than a program may use. */
  | { readonly reason: 'tags'; readonly most: number }
  /** A reply to a uid or a sid that this twin does not sign. */
  | { readonly reason: 'unsignable' }
  | { readonly reason: 'no-key' }
  | { readonly reason: 'broken-key'; readonly twin: number }
  | { readonly reason: 'crypto' }
  /** It is encrypted, and this twin's signer cannot decrypt. */
  | { readonly reason: 'no-shared-key' }
  /** A plain request of a twin that could encrypt. */
  | { readonly reason: 'plain'; readonly twin: number }
  | { readonly reason: 'not-allowed'; readonly detail: string }
  /** No room for a stranger's request, or no such service. */
  | { readonly reason: 'not-served' | 'never-served' | 'queue-full' | 'too-many-alive'; readonly detail: string }
  | { readonly reason: 'other'; readonly detail: string };

/** Returns whether the caller gets an error in place of a reply with this fault. */
export function isToldInstead({ reason }: PeerFault): boolean {
  return reason === 'broken-key' || reason === 'message' || reason === 'payload' || reason === 'mark';
}

/** Returns the error that a fault becomes on the wire and in queues; texts are the Rust peer's where it has one. */
export function faultError(fault: PeerFault): { readonly code: number; readonly message: string } {
  switch (fault.reason) {
    case 'message':
      return { code: 100, message: `invalid message: ${fault.detail}` };
    case 'payload':
      return { code: 101, message: `invalid payload: ${fault.detail}` };
    case 'expired':
      return { code: 102, message: fault.what };
    case 'unknown-twin':
      return { code: 103, message: `unknown twin id '${fault.twin}'` };
    case 'signature':
      return { code: 104, message: fault.text };
    case 'seal':
      return { code: 104, message: `invalid envelope signature: ${fault.text}` };
    case 'implausible':
      return { code: 100, message: `invalid message: ${fault.text}` };
    case 'mark':
      // The mark itself is never quoted: the error is signed, too.
      return { code: 100, message: 'invalid message: its text holds the mark of a seal: send that text encoded' };
    case 'tags':
      return { code: 100, message: `invalid message: it has more than ${fault.most} characters of tags` };
    case 'unsignable':
      return { code: 100, message: 'invalid message: this peer signs no reply to its uid or sid' };
    case 'no-key':
      return { code: 105, message: 'sender twin has no public key' };
    case 'broken-key':
      return { code: 105, message: brokenKey(fault.twin) };
    case 'crypto':
      return { code: 106, message: 'e2e error: invalid cipher data' };
    case 'no-shared-key':
      return { code: 106, message: 'e2e error: the signer of the receiving session cannot decrypt' };
    case 'plain': {
      const what = `twin ${fault.twin} has a key on chain, and this peer takes only encrypted requests from it`;
      return { code: 106, message: `e2e error: ${what}` };
    }
    case 'not-allowed':
      return { code: 100, message: fault.detail };
    case 'not-served':
    case 'never-served':
    case 'queue-full':
    case 'too-many-alive':
    case 'other':
      return { code: 500, message: fault.detail };
  }
}

/** Returns the fault of a message of `size` bytes that its relay refuses. @param limit of the relay, if known (bytes) */
export function tooLarge(size: number, limit: number | undefined): PeerFault {
  const most = limit === undefined ? 'its relay takes less' : `its relay takes ${limit}`;
  return { reason: 'payload', detail: `the message has ${size} bytes, ${most}: send it in parts` };
}

/** Returns a text that names the twin whose `pk` on chain is no key, and what its owner must do. */
export function brokenKey(twin: number): string {
  return `the key of twin ${twin} on chain is no secp256k1 public key: its owner must write the right one there (rmb-peer writes it when it starts)`;
}
