import { mutantsOf, type SecurityMutant } from './mutant.ts';

const SERVING = 'local-peer/serving.ts';
const PROTOCOL = 'local-peer/protocol.ts';
const DELIVERY = 'local-peer/redis/delivery-script.ts';

/** Protections that tests of a whole peer see: a peer in the test's own process, with a real Redis, relay and chain. */
export const SYSTEM_MUTANTS: readonly SecurityMutant[] = [
  ...mutantsOf(PROTOCOL, 'test/peer-seal.test.ts', [
    [
      'if (!seal.ok) return err',
      'if (seal.ok === undefined) return err',
      'is dropped when its seal is that of another envelope',
    ],
    [
      "if (!sealed.ok) return err({ reason: 'mark' });",
      'if (!sealed.ok) return ok(envelope);',
      'that holds the mark of a seal %s is answered with error 100',
    ],
    [
      'checkSeal(envelope, own, this.#primitives)',
      'checkSeal(envelope, undefined, this.#primitives)',
      'arrives, from each twin that was asked',
    ],
  ]),
  ...mutantsOf(PROTOCOL, 'test/peer-forgeries.test.ts', [
    [
      'if (!seal.ok) return err',
      'if (seal.ok === undefined) return err',
      'none of 1,000 reaches a program when a hostile relay brings them to a peer',
    ],
  ]),
  ...mutantsOf(SERVING, 'test/peer-wire.test.ts', [
    [
      'if (!opened.ok && !isAnswered)',
      'if (false)',
      'is unsigned or badly signed, whatever else is wrong with it, and is logged once a minute',
    ],
    [
      '!isSignableUid(envelope.uid, this.#own.twin) || !isSignableSid(envelope.source?.connection)',
      'false',
      'has a uid or a sid that the peer does not sign, and reaches no service',
    ],
    ['RESERVED.test(command) ||', '', 'names a queue of the peer’s own as its command'],
  ]),
  ...mutantsOf('local-peer/addressee.ts', 'test/peer-replay.test.ts', [
    [
      "(to.connection ?? '') === (own.connection ?? '')",
      'true',
      'is refused when the digits of its receiver are split into another twin and a session',
    ],
    ['to?.twin !== own.twin', 'to === undefined', 'is dropped when it was signed for another twin'],
  ]),
  ...mutantsOf('local-peer/replies.ts', 'test/peer-replay.test.ts', [
    [
      'fingerprint: signedDigest(envelope)',
      "fingerprint: hash('sha256', frame, 'base64url')",
      'is delivered once when its signed text comes in other bytes',
    ],
  ]),
  ...mutantsOf('local-peer/replies.ts', 'test/peer-wire.test.ts', [
    [
      '!question.asked.includes(source)',
      'false',
      'is signed by a twin that was not asked: dropped, however it learned the uid',
    ],
  ]),
  ...mutantsOf(DELIVERY, 'test/peer-guard.test.ts', [
    [
      'return queues > mostQueues / 10 or',
      'return false or',
      'are at most 100 of one twin and 1,000 of all, and a refused request leaves no key',
    ],
    ['(bytes > mostBytes / 10 and bytes > #entry)', 'false', 'hold at most 64 MiB, and a tenth of that of one twin'],
    [
      "if redis.call('EXISTS', KEYS[6]) == 1 then return 'reply-list' end",
      '',
      'keeps requests of other twins out of a list in which a program waits for its replies',
    ],
  ]),
  ...mutantsOf(SERVING, 'test/peer-guard.test.ts', [
    [
      'if (barred !== undefined) return barred;',
      '',
      'tells a twin that is not on the list of a command, and no service sees its request',
    ],
    [
      "admission.requireCipher !== true || payload?.kind === 'cipher'",
      'true',
      'refuses a plain request of a twin with a key on chain when it requires encryption',
    ],
    [
      "isEncrypted: envelope.payload?.kind === 'cipher'",
      'isEncrypted: true',
      'says in the entry whether a request came encrypted',
    ],
  ]),
  ...mutantsOf('local-peer/clock.ts', 'test/peer-hostile-relay.test.ts', [
    [
      '<= BOUND;',
      '<= Number.POSITIVE_INFINITY;',
      'gets no token of that year and no request with its time, while there is a chain and while there is none',
    ],
  ]),
  ...mutantsOf('local-peer/traffic.ts', 'test/peer-hostile-relay.test.ts', [
    [', aud: url.host }', ' }', 'by %s opens no session at another relay'],
  ]),
  ...mutantsOf('local-peer/twins/directory.ts', 'test/peer-lying-chain.test.ts', [
    [
      "opinion === 'other' ? this.#keep(",
      'opinion === undefined ? this.#keep(',
      'keeps the keys of a twin that it knew when its second node does not confirm others',
    ],
  ]),
];
