/**
 * `rmb-client/browser-keys`: an ed25519 twin whose signing key never leaves WebCrypto. IndexedDB keeps it, and no script
 * can read it, not even one of this page. WebCrypto has no secp256k1: the secret for encryption is in memory while a key
 * is agreed on, and at rest an AES key wraps it that no script can read.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { base64urlnopad } from '@scure/base';
import { PKCS8_HEAD } from '../../proto/crypto/ed25519-pkcs8.ts';
import { hexSeed } from '../../proto/crypto/hex-seed.ts';
import { isSecret, publicKeyOf, sharedX } from '../../proto/crypto/secp256k1.ts';
import { RmbError } from '../errors.ts';
import type { Signer } from '../identity/signer.ts';
import { addKeys, type Key, readKeys, removeKeys, type StoredKeys } from './key-store.ts';

export type { Signer } from '../identity/signer.ts';

const ED25519 = 'Ed25519';
const AES = 'AES-GCM';
const NONCE_LENGTH = 12;
const SEED_LENGTH = 32;

/**
 * Creates the keys of an ed25519 twin under a name, and resolves with their signer. With a secret (words of a mnemonic,
 * or 0x and 64 hex digits) they are that twin's; without, they are new, and nothing can restore them.
 * Throws an `RmbError` when the secret is invalid, the name is taken, or this browser has no Ed25519.
 */
export async function createBrowserSigner(name: string, secret?: string): Promise<Required<Signer>> {
  const { account, signing, agreement } = secret === undefined ? await newKeys() : await keysOf(secret);
  const wrapping = await crypto.subtle.generateKey({ name: AES, length: 256 }, false, ['encrypt', 'decrypt']);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_LENGTH));
  const wrapped = new Uint8Array(await crypto.subtle.encrypt({ name: AES, iv: nonce }, wrapping, agreement));
  const keys = { account, signing, e2ePublicKey: publicKeyOf(agreement), wrapping, nonce, wrapped };
  agreement.fill(0);
  await addKeys(name, keys);
  return signerOf(keys);
}

/** Resolves with the signer of the keys under this name; undefined if this browser has none. */
export async function openBrowserSigner(name: string): Promise<Required<Signer> | undefined> {
  const keys = await readKeys(name);
  return keys === undefined ? undefined : signerOf(keys);
}

/** Deletes the keys under this name. Without the secret, nothing can restore them. */
export async function deleteBrowserSigner(name: string): Promise<void> {
  await removeKeys(name);
}

function signerOf({ account, signing, e2ePublicKey, wrapping, nonce, wrapped }: StoredKeys): Required<Signer> {
  return {
    account,
    keyType: 'ed25519',
    e2ePublicKey,
    sign: async (message) => new Uint8Array(await crypto.subtle.sign(ED25519, signing, new Uint8Array(message))),
    sharedKey: async (publicKey) => {
      const secret = new Uint8Array(await crypto.subtle.decrypt({ name: AES, iv: nonce }, wrapping, wrapped));
      try {
        return sha256(sharedX(secret, publicKey));
      } finally {
        secret.fill(0);
      }
    },
  };
}

/** Keys before they are stored. `agreement` is the secp256k1 secret. */
interface FreshKeys {
  readonly account: Uint8Array;
  readonly signing: Key;
  readonly agreement: Uint8Array<ArrayBuffer>;
}

async function newKeys(): Promise<FreshKeys> {
  const pair = await withEd25519(() => crypto.subtle.generateKey(ED25519, false, ['sign', 'verify']));
  if (!('privateKey' in pair)) throw new RmbError('identity', 'this browser made no pair of keys');
  const agreement = crypto.getRandomValues(new Uint8Array(SEED_LENGTH));
  // Happens once in 2^128 times.
  if (!isSecret(agreement)) return newKeys();
  const account = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { account, signing: pair.privateKey, agreement };
}

/** Both keys of a twin come from its seed. */
async function keysOf(secret: string): Promise<FreshKeys> {
  const seed = hexSeed(secret) ?? (await import('../../proto/crypto/seed.ts')).miniSecret(secret);
  if (!seed.ok) throw new RmbError('identity', seed.error.detail);
  if (!isSecret(seed.value)) throw new RmbError('identity', 'this seed is not a secp256k1 secret: use another');
  const pkcs8 = new Uint8Array([...PKCS8_HEAD, ...seed.value]);
  const imported = (isExtractable: boolean) =>
    withEd25519(() => crypto.subtle.importKey('pkcs8', pkcs8, ED25519, isExtractable, ['sign']));
  // Only an extractable key tells its public half; it is dropped at once.
  const { x } = await crypto.subtle.exportKey('jwk', await imported(true));
  const signing = await imported(false);
  pkcs8.fill(0);
  return { account: base64urlnopad.decode(x ?? ''), signing, agreement: new Uint8Array(seed.value) };
}

async function withEd25519<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new RmbError('identity', 'this browser has no Ed25519 in WebCrypto: use rmb-client/web-worker', {
      cause: error,
    });
  }
}
