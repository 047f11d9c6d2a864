import { mutantsOf, type SecurityMutant } from './mutant.ts';

const PLAUSIBLE = 'an envelope is implausible';

/** Protections of relay and peer alike. */
export const PROTO_MUTANTS: readonly SecurityMutant[] = [
  ...mutantsOf('proto/seal/seal.ts', 'proto/seal/seal.test.ts', [
    ['=== split.seal ?', '!== "" ?', 'is invalid after any change of any field'],
    [
      'occurrences(signedString(bare), MARK) > 0',
      'false',
      'is not added where the mark would occur twice, across any fields',
    ],
    ['withoutSeals(given)', 'given', 'replaces seals in the tags'],
  ]),
  ...mutantsOf('proto/seal/seal.ts', 'proto/seal/seal-vectors.test.ts', [
    ['if (marks > 1)', 'if (false)', 'the seal matches the vectors of an independent implementation'],
    [
      "if (split === undefined) return err({ reason: 'misplaced' });",
      "if (split === undefined) return ok('unsealed');",
      'the seal matches the vectors of an independent implementation',
    ],
    [
      'own === undefined ? all : all - occurrences(signed, needleOf(own))',
      'true ? all : 0',
      'the seal matches the vectors of an independent implementation',
    ],
  ]),
  ...mutantsOf('proto/envelope/plausible.ts', 'proto/envelope/plausible.test.ts', [
    ['timestamp > BigInt(Math.floor(now) + MAX_AHEAD_SECONDS)', 'false', PLAUSIBLE],
    ['expiration > BigInt(MAX_LIFE_SECONDS)', 'false', PLAUSIBLE],
    ['!isName(uid)', 'false', PLAUSIBLE],
    ['!hasPlausibleSid(source) || !hasPlausibleSid(destination)', 'false', PLAUSIBLE],
    ['tags !== undefined && tags.length > MAX_TAGS_LENGTH', 'false', PLAUSIBLE],
    ['!SCHEMA.test(schema)', 'false', PLAUSIBLE],
    ['federation !== undefined && !areRelays(federation)', 'false', PLAUSIBLE],
    ['relays.length <= MAX_RELAYS && relays.every(isRelay) ?', 'relays.length <= MAX_RELAYS ?', PLAUSIBLE],
  ]),
  ...mutantsOf('proto/crypto/ed25519.ts', 'proto/crypto/ed25519.test.ts', [
    [
      'if (SMALL_ORDER_Y.has(bytesToHex(y))) return false;',
      '',
      'refuses a signature by a key of small order, with a commitment of any order',
    ],
    [
      'isStrictPoint(signature.subarray(0, POINT_LENGTH))',
      'true',
      'refuses a commitment of small order, although the key is valid',
    ],
    ['ed25519.Point.Fp.fromBytes(y);', '', 'refuses a key or commitment with a y beyond the field'],
  ]),
  ...mutantsOf('proto/crypto/sr25519.ts', 'proto/crypto/sr25519.test.ts', [
    [
      'if (account.every((byte) => byte === 0)) return false;',
      '',
      'refuses a signature by the neutral key, which anybody can make',
    ],
  ]),
  ...mutantsOf('proto/envelope/signable.ts', 'proto/envelope/signable.test.ts', [
    [
      'run.indexOf(id, TIMES_DIGITS) >= 0',
      'false',
      'refuses the head of an envelope of the twin, with any text around it',
    ],
    ['&& UID.test(uid)', '', 'refuses other characters: %j'],
    ['&& SID.test(sid)', '', 'refuses %j'],
  ]),
  ...mutantsOf('proto/token/token.ts', 'proto/token/token.test.ts', [
    [
      'exp > now + MAX_TOKEN_SECONDS',
      'false',
      'a token that ends more than a day from now, or was issued minutes ahead, is refused',
    ],
    [
      'iat > now + MAX_TOKEN_AHEAD_SECONDS',
      'false',
      'a token that ends more than a day from now, or was issued minutes ahead, is refused',
    ],
  ]),
  ...mutantsOf('proto/envelope/envelope-bounds.ts', 'proto/envelope/envelope-bounds.test.ts', [
    ['if (relays > MAX_RELAYS)', 'if (false)', 'allow 32 relays, and refuse 33'],
    [
      'if (reader.pos - skipped > MAX_BYTES_BESIDES_PAYLOAD)',
      'if (false)',
      'allow 64 KiB besides the payload, counting %s',
    ],
    ['if (field === RELAYS) relays += 1;', '', 'refuse 15 MB of empty relays'],
  ]),
  ...mutantsOf('proto/crypto/cipher.ts', 'proto/crypto/cipher.test.ts', [
    [
      'primitives.random(NONCE_LENGTH)',
      'new Uint8Array(NONCE_LENGTH)',
      'the same text is sealed differently each time',
    ],
  ]),
  ...mutantsOf('proto/relay-name.ts', 'proto/relay-name.test.ts', [['!DNS.test(host) ||', '', 'refuses %j']]),
];
