import { RmbError } from '../errors.ts';

/** A key of WebCrypto. Its type has another name on each host. */
export type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** The keys of one twin, as IndexedDB keeps them: no script can read the two that are keys of WebCrypto. */
export interface StoredKeys {
  /** 32-byte ed25519 public key. */
  readonly account: Uint8Array;
  /** Ed25519, not extractable. */
  readonly signing: Key;
  /** 33-byte compressed secp256k1 key. */
  readonly e2ePublicKey: Uint8Array;
  /** AES-GCM, not extractable: it wraps the secp256k1 secret. */
  readonly wrapping: Key;
  /** 12 bytes. */
  readonly nonce: Uint8Array<ArrayBuffer>;
  /** The secp256k1 secret, encrypted. */
  readonly wrapped: Uint8Array<ArrayBuffer>;
}

const DATABASE = 'rmb-client';
/** The version of `StoredKeys`: another shape gets the next one, and an upgrade in `open`. */
const VERSION = 1;
const STORE = 'keys';

/** Resolves with the keys under this name; undefined if there are none. */
export async function readKeys(name: string): Promise<StoredKeys | undefined> {
  return inStore('readonly', (store) => store.get(name));
}

/** Keeps keys. Throws an `RmbError` if there are keys under this name: nobody could restore them. */
export async function addKeys(name: string, keys: StoredKeys): Promise<void> {
  await inStore('readwrite', (store) => store.add(keys, name));
}

/** Forgets the keys under this name. */
export async function removeKeys(name: string): Promise<void> {
  await inStore('readwrite', (store) => store.delete(name));
}

async function inStore<T>(mode: 'readonly' | 'readwrite', act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    const transaction = database.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    // A request that succeeded may still be undone, so the transaction decides.
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(faultOf(transaction.error ?? request.error));
    });
    return request.result;
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(faultOf(request.error));
  });
}

function faultOf(error: DOMException | null): RmbError {
  const why = error?.name === 'ConstraintError' ? 'there are keys under this name already' : error?.message;
  return new RmbError('identity', `the browser did not keep the keys: ${why ?? 'no reason given'}`, { cause: error });
}
