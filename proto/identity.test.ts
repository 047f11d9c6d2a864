import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base58 } from '@scure/base';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { verifyEd25519 } from './crypto/ed25519.ts';
import { PORTABLE } from './crypto/portable.ts';
import { miniSecret } from './crypto/seed.ts';
import { verifySignature } from './crypto/signature.ts';
import { identityOf, type KeyType, ss58Address } from './identity.ts';

const WORDS = 'tackle blouse grain dawn adult loyal tattoo price access tilt chimney silk';
const message = utf8ToBytes('a message');

async function identity(secret: string, keyType: KeyType) {
  const made = await identityOf(secret, keyType);
  if (!made.ok) throw new Error(made.error.detail);
  return made.value;
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('white space in a mnemonic and the case of hex digits do not matter', () => {
  expect(miniSecret(`  ${WORDS.replaceAll(' ', ' \n\t')} `)).toEqual(miniSecret(WORDS));
  expect(miniSecret(` 0X${'AB'.repeat(32)}`)).toEqual({ ok: true, value: hexToBytes('ab'.repeat(32)) });
});

test('a fault never repeats the secret', () => {
  for (const secret of [`${WORDS} extra`, `0x${'12'.repeat(31)}zz`, 'my-password']) {
    const refused = miniSecret(secret);
    expect(refused.ok).toBe(false);
    for (const word of ['tackle', 'extra', '1212', 'password']) expect(JSON.stringify(refused)).not.toContain(word);
  }
});

test('a seed that is not a secp256k1 secret is refused', async () => {
  for (const seed of ['00', 'ff']) {
    const refused = await identityOf(`0x${seed.repeat(32)}`, 'sr25519');
    expect(refused).toMatchObject({ ok: false, error: { reason: 'seed' } });
  }
});

test('an identity shows no secret when it is printed', async () => {
  const secret = '12'.repeat(32);
  for (const keyType of ['sr25519', 'ed25519'] as const) {
    const printed = JSON.stringify(await identity(`0x${secret}`, keyType), (_, value) =>
      value instanceof Uint8Array ? bytesToHex(value) : value,
    );
    expect(printed).not.toContain(secret);
    expect(printed).toContain('account');
  }
});

test('a shared key with an invalid public key throws', async () => {
  const one = await identity(WORDS, 'sr25519');
  expect(() => one.sharedKey(new Uint8Array(33))).toThrow();
  expect(() => one.sharedKey(new Uint8Array(5))).toThrow();
});

describe('where WebCrypto has no Ed25519', () => {
  test('signatures are made and verified without it', async () => {
    const native = await (await identity(WORDS, 'ed25519')).sign(message);
    const importKey = vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('', 'NotSupportedError'));
    const bare = await identity(WORDS, 'ed25519');
    expect(await bare.sign(message)).toEqual(native);
    expect(await verifyEd25519(bare.account, message, native.subarray(1))).toBe(true);
    expect(await verifyEd25519(bare.account, message, native.subarray(1).fill(0, 63))).toBe(false);
    expect(importKey).toHaveBeenCalled();
  });
});

test('an account of another length throws', async () => {
  await expect(verifySignature(new Uint8Array(31), message, undefined, PORTABLE)).rejects.toThrow(
    '"account" expected 32 bytes',
  );
  expect(() => ss58Address(new Uint8Array(33))).toThrow('"account" expected 32 bytes');
});

test('an address starts with the prefix of its network, of one or two bytes', () => {
  const account = hexToBytes('d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d');
  expect(ss58Address(account)).toBe('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
  expect(ss58Address(account, 0)).toBe('15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5');
  expect([...base58.decode(ss58Address(account, 255)).subarray(0, 2)]).toEqual([0x7f, 0xc0]);
  expect(() => ss58Address(account, 16_384)).toThrow('"prefix" expected 0 to 16383');
});
