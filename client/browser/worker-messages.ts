import type { KeyType } from '../../proto/identity.ts';

/** What a page asks its Web Worker for. The secret is sent once; the worker never sends it back. */
export type Question =
  | { readonly kind: 'open'; readonly secret: string; readonly keyType: KeyType }
  | { readonly kind: 'sign'; readonly message: Uint8Array }
  | { readonly kind: 'share'; readonly publicKey: Uint8Array };

/** The public half of the keys that a worker holds. */
export interface Opened {
  readonly account: Uint8Array;
  readonly e2ePublicKey: Uint8Array;
}

/** The worker's answer to the question with this number: a value, or why there is none. */
export type Answer =
  | { readonly id: number; readonly value: Opened | Uint8Array }
  | { readonly id: number; readonly fault: string };
