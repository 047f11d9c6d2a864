import { mutantsOf, type SecurityMutant } from './mutant.ts';

const PLAUSIBLE = 'an envelope is implausible';

/** Protections that relay and peer share. */
export const PROTO_MUTANTS: readonly SecurityMutant[] = [
  ...mutantsOf('proto/seal/seal.ts', 'proto/seal/seal.test.ts', [
    ['=== split.seal ?', '!== "" ?', 'breaks with any change of any field'],
    [
      'occurrences(signedString(bare), MARK) > 0',
      'false',
      'is refused where the mark would occur a second time, whatever fields it spans',
    ],
    ['withoutSeals(given)', 'given', 'replaces seals that the tags brought along'],
  ]),
  ...mutantsOf('proto/seal/seal.ts', 'proto/seal/vectors.test.ts', [
    ['if (marks > 1)', 'if (false)', 'the seal agrees with the vectors of an independent implementation'],
    [
      "if (split === undefined) return err({ reason: 'misplaced' });",
      "if (split === undefined) return ok('unsealed');",
      'the seal agrees with the vectors of an independent implementation',
    ],
    [
      'own === undefined ? all : all - occurrences(signed, needleOf(own))',
      'true ? all : 0',
      'the seal agrees with the vectors of an independent implementation',
    ],
  ]),
  ...mutantsOf('proto/plausible.ts', 'proto/plausible.test.ts', [
    ['timestamp > BigInt(Math.floor(now) + MAX_AHEAD_SECONDS)', 'false', PLAUSIBLE],
    ['expiration > BigInt(MAX_LIFE_SECONDS)', 'false', PLAUSIBLE],
    ['!isName(uid)', 'false', PLAUSIBLE],
    ['!hasPlausibleSid(source) || !hasPlausibleSid(destination)', 'false', PLAUSIBLE],
    ['tags !== undefined && tags.length > MAX_TAGS_LENGTH', 'false', PLAUSIBLE],
    ['!SCHEMA.test(schema)', 'false', PLAUSIBLE],
    ['federation !== undefined && !areRelays(federation)', 'false', PLAUSIBLE],
    ['relays.length <= MAX_RELAYS && relays.every(isRelay) ?', 'relays.length <= MAX_RELAYS ?', PLAUSIBLE],
  ]),
  ...mutantsOf('proto/signable.ts', 'proto/signable.test.ts', [
    [
      'run.indexOf(id, TIMES_DIGITS) >= 0',
      'false',
      'never holds the head of an envelope of ours, whatever stands around it',
    ],
    ['&& UID.test(uid)', '', 'does not hold other characters: %j'],
    ['&& SID.test(sid)', '', 'is not %j'],
  ]),
  ...mutantsOf('proto/token.ts', 'proto/token.test.ts', [
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
  ...mutantsOf('proto/envelope-bounds.ts', 'proto/envelope-bounds.test.ts', [
    ['if (relays > MAX_RELAYS)', 'if (false)', 'allow 32 relays, and refuse 33'],
    [
      'if (reader.pos - skipped > MAX_BYTES_BESIDES_PAYLOAD)',
      'if (false)',
      'allow 64 KiB besides the payload, counting %s',
    ],
    ['if (field === RELAYS) relays += 1;', '', 'refuse 15 MB of empty relays'],
  ]),
  ...mutantsOf('proto/cipher.ts', 'proto/cipher.test.ts', [
    ['primitives.random(NONCE_LENGTH)', 'new Uint8Array(NONCE_LENGTH)', 'the same text is never sealed the same'],
  ]),
  ...mutantsOf('proto/relay-name.ts', 'proto/relay-name.test.ts', [['!DNS.test(host) ||', '', 'refuses %j']]),
];
