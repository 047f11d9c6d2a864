import { mutantsOf, type SecurityMutant } from './mutant.ts';

const SERVING = 'client/serve.ts';
const PROTOCOL = 'client/seal.ts';
const DELIVERY = 'local-peer/redis/delivery-script.ts';

/** Protections that tests of a whole peer detect: a peer in the test's process, with a real Redis, relay and chain. */
export const SYSTEM_MUTANTS: readonly SecurityMutant[] = [
  ...mutantsOf(PROTOCOL, 'test/peer/trust/seal.test.ts', [
    [
      'if (!seal.ok) return err',
      'if (seal.ok === undefined) return err',
      'is dropped when its seal is that of another envelope',
    ],
    [
      "if (!sealed.ok) return err({ reason: 'mark' });",
      'if (!sealed.ok) return ok(envelope);',
      'gets error 100 when it holds the mark of a seal %s',
    ],
    [
      'checkSeal(envelope, own, this.#primitives, signed)',
      'checkSeal(envelope, undefined, this.#primitives, signed)',
      'arrives from each twin that was asked',
    ],
  ]),
  ...mutantsOf(PROTOCOL, 'test/peer/trust/forgeries.test.ts', [
    [
      'if (!seal.ok) return err',
      'if (seal.ok === undefined) return err',
      'reach no program when a hostile relay brings 1,000 of them to a peer',
    ],
  ]),
  ...mutantsOf(SERVING, 'test/peer/wire.test.ts', [
    ['if (!opened.ok && !isAnswered)', 'if (false)', 'is unsigned or badly signed, and is logged once a minute'],
    [
      '!isSignableUid(envelope.uid, this.#own.twin) || !isSignableSid(envelope.source?.connection)',
      'false',
      'has a uid or a sid that the peer does not sign',
    ],
    ['RESERVED.test(command) ||', '', 'names a queue of the peer’s own as its command'],
  ]),
  ...mutantsOf('client/receiving/addressee.ts', 'test/peer/trust/replay.test.ts', [
    [
      "(to.connection ?? '') === (own.connection ?? '')",
      'true',
      'is refused when the digits of its receiver are split into another twin and a session',
    ],
    ['to?.twin !== own.twin', 'to === undefined', 'is dropped when it was signed for another twin'],
  ]),
  ...mutantsOf('client/ask.ts', 'test/peer/trust/replay.test.ts', [
    [
      'signedDigest(opened.value.signed, primitives)',
      'primitives.sha256Text([frame])',
      'is delivered once when its signed text comes in other bytes',
    ],
  ]),
  ...mutantsOf('client/ask.ts', 'test/peer/wire.test.ts', [
    ['!request.asked.includes(source)', 'false', 'is dropped when its twin was not asked'],
  ]),
  ...mutantsOf(DELIVERY, 'test/peer/trust/guard.test.ts', [
    ['return queues > mostQueues / 10 or', 'return false or', 'are at most 100 of one twin and 1,000 of all'],
    ['(bytes > mostBytes / 10 and bytes > #entry)', 'false', 'hold at most 64 MiB, a tenth of it from one twin'],
    [
      "if redis.call('EXISTS', KEYS[6]) == 1 then return 'reply-list' end",
      '',
      'keeps requests of other twins out of a list in which a program waits for its replies',
    ],
  ]),
  ...mutantsOf(SERVING, 'test/peer/trust/guard.test.ts', [
    ['if (barred !== undefined) return barred;', '', 'refuses a twin that is not on the list of a command'],
    [
      "admission.requireCipher !== true || payload?.kind === 'cipher'",
      'true',
      'refuses a plain request of a twin with a key on chain when it requires encryption',
    ],
    [
      "isEncrypted: envelope.payload?.kind === 'cipher'",
      'isEncrypted: true',
      'marks in the entry whether a request was encrypted',
    ],
  ]),
  ...mutantsOf('client/session/clock.ts', 'test/peer/trust/hostile-relay.test.ts', [
    ['<= BOUND;', '<= Number.POSITIVE_INFINITY;', 'gets no token and no request of that year, with or without a chain'],
  ]),
  ...mutantsOf('client/session/session.ts', 'test/peer/trust/hostile-relay.test.ts', [
    [', aud: url.host }', ' }', 'from %s opens no session at another relay'],
  ]),
  ...mutantsOf('client/directory/directory.ts', 'test/peer/trust/lying-chain.test.ts', [
    [
      "opinion === 'other' ? this.#keep(",
      'opinion === undefined ? this.#keep(',
      'a peer keeps the known keys of a twin when its second node does not confirm new ones',
    ],
  ]),
];
