import { mutantsOf, type SecurityMutant } from './mutant.ts';

const KEYS = 'when the keys of a twin change';
const CURVE = 'local-peer/crypto/ed25519.test.ts';

/** Protections of the peer and its commands. */
export const PEER_MUTANTS: readonly SecurityMutant[] = [
  ...mutantsOf('local-peer/clock.ts', 'local-peer/clock.test.ts', [
    [
      '<= BOUND;',
      '<= Number.POSITIVE_INFINITY;',
      'never follows a relay that is more than 10 minutes from the chain, or from us without a chain',
    ],
    [
      'witnesses.length < 2 ?',
      'witnesses.length < 1 ?',
      'stamps with the time of no relay alone, and shows that relay its own',
    ],
    ['Math.max(0, this.#correction)', 'this.#correction', 'is never turned back for what others ask'],
  ]),
  ...mutantsOf('local-peer/repeats.ts', 'local-peer/repeats.test.ts', [
    [', digest];\n}', '];\n}', 'names a request by its twin and uid, a long uid by its hash, and by what was signed'],
  ]),
  ...mutantsOf('local-peer/serving.ts', 'local-peer/serving.test.ts', [
    ['86_400 + 300', '3_600', 'is remembered for its whole life, of eight hours as well'],
    [
      'source, clock.latest())',
      'source, clock.seconds())',
      'whose time is over is refused, though the relay turns the time back',
    ],
    [
      'if (!this.#alive.hasRoom(source)) return tooManyAlive(source);',
      '',
      'is refused when its twin has too many requests that are alive',
    ],
  ]),
  ...mutantsOf('local-peer/outstanding.ts', 'local-peer/outstanding.test.ts', [
    [
      '(this.#bySource.get(source) ?? 0) < this.#limits.each',
      'true',
      'has room for so many of one twin and of all, until their time is over',
    ],
  ]),
  ...mutantsOf('local-peer/admission.ts', 'local-peer/admission.test.ts', [
    ['twins.has(twin) ||', 'true ||', 'is who is on the list of the command, else on the list of all commands'],
    ['served === undefined || served.has(command)', 'true', 'a command that is not on the list of commands is refused'],
  ]),
  ...mutantsOf('local-peer/twins/directory.ts', 'local-peer/twins/directory.test.ts', [
    ["opinion === 'other' ? this.#keep(", "opinion === 'none' ? this.#keep(", KEYS],
    ['if (!isSame && this.#keys?.hasSecond) {', 'if (false) {', KEYS],
    [
      "if (!isSame && before?.twin !== undefined) this.#keys?.changed(before.twin, twin, 'unanswered');",
      '',
      'believes one node when there is no other, and says so',
    ],
  ]),
  ...mutantsOf('local-peer/redis/json.ts', 'local-peer/redis/json.test.ts', [
    [
      'ret: text.refine((queue) => !isOwnKey(queue),',
      'ret: text.refine(() => true,',
      'a ret that is a list of the peer itself',
    ],
  ]),
  ...mutantsOf('local-peer/cli/work-queue.ts', 'local-peer/cli/work-queue.test.ts', [
    [
      '< Math.max(1, Math.floor(this.#parallel / 2))',
      '< this.#parallel',
      'has half of its work under way for one owner, and at least one item',
    ],
  ]),
  ...mutantsOf('local-peer/plain.ts', 'local-peer/plain.test.ts', [
    ['\\p{Cc}', '', 'leaves no character that acts on a terminal'],
    [
      '.map((line) => line.replaceAll(UNPRINTABLE, escaped))',
      '',
      'is the same value, without a character that acts on a terminal',
    ],
  ]),
  ...mutantsOf('local-peer/cli/program-environment.ts', 'local-peer/cli/program-environment.test.ts', [
    ['delete env[name];', 'void env[name];', 'tells of the request, and nothing of our settings or of another request'],
  ]),
  ...mutantsOf('local-peer/config/mask.ts', 'local-peer/config/mask.test.ts', [
    ['hidden = hidden.replaceAll(secret, MASK)', 'hidden = hidden', 'hides a text in JSON and out of it'],
  ]),
  ...mutantsOf('local-peer/crypto/ed25519.ts', CURVE, [
    [
      'numberOf(answer) >= ORDER ||',
      '',
      'takes an answer in the one way there is to write it, though others are the same modulo the order',
    ],
    [
      '|| isSmallOrder(commitment)',
      '',
      'takes no commitment of small order, though the owner of a key can make an answer to one',
    ],
  ]),
  ...mutantsOf('local-peer/crypto/edwards-points.ts', CURVE, [
    [
      '!isSquare || !isCanonical',
      '!isSquare',
      'reads no point that is written with a y beyond the field, or has a small order, in no way to write it',
    ],
    [
      "if (isSmallOrder(written)) throw new RangeError('a point of small order');",
      '',
      'takes no signature by a key of small order with a commitment of any order, which anybody can make',
    ],
  ]),
  ...mutantsOf('local-peer/seldom.ts', 'local-peer/seldom.test.ts', [
    ['now - last < APART_MS', 'false', 'lets a kind of line about a twin pass once a minute'],
  ]),
  ...mutantsOf('local-peer/replies.ts', 'local-peer/replies.test.ts', [
    [
      'if (question === undefined) {',
      'if (uid === "") {',
      'is believed for a uid that Redis remembers, and for no other',
    ],
    ["if (envelope.content?.kind !== 'error')", 'if (false)', 'is no answer: what looks like one is dropped'],
  ]),
];
