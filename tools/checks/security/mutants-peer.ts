import { mutantsOf, type SecurityMutant } from './mutant.ts';

const KEYS = 'when the keys of a twin change';

/** Protections of the peer and its commands. */
export const PEER_MUTANTS: readonly SecurityMutant[] = [
  ...mutantsOf('client/session/clock.ts', 'client/session/clock.test.ts', [
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
  ...mutantsOf('client/receiving/repeats.ts', 'client/receiving/repeats.test.ts', [
    [', digest];\n}', '];\n}', 'names a request by its twin and uid, a long uid by its hash, and by what was signed'],
  ]),
  ...mutantsOf('client/serve.ts', 'client/serve.test.ts', [
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
  ...mutantsOf('client/serving/handlers.ts', 'client/stream.test.ts', [
    [
      'this.#running.get(requestKey(twin, signal.uid))',
      '[...this.#running].find(([name]) => name.endsWith(signal.uid))?.[1]',
      'is not cancelled by another twin that knows its uid',
    ],
  ]),
  ...mutantsOf('client/asking/reply-inbox.ts', 'client/asking/reply-inbox.test.ts', [
    ['seq >= limit ||', '', 'takes no reply beyond its limit or after the last, so that it stays bounded'],
  ]),
  ...mutantsOf('local-peer/redis/programs.ts', 'local-peer/redis/programs.test.ts', [
    ['KEYS.credit(twin, signal.uid)', 'KEYS.credit(7, signal.uid)', 'keeps the credit of a stream for its own twin'],
  ]),
  ...mutantsOf('client/discovery/commands-plugin.ts', 'client/discovery/commands-plugin.test.ts', [
    [
      'callerFault(admission, command, twin) === undefined',
      'twin > 0',
      'hides from a twin each command that it may not call',
    ],
  ]),
  ...mutantsOf('client/discovery/command-list.ts', 'client/discovery/command-list.test.ts', [
    [
      'const MOST_BYTES = 64 * 1024;',
      'const MOST_BYTES = 2 ** 30;',
      'has 64 KiB at most: it omits schemas, then commands',
    ],
    ['slice(0, MOST_COMMANDS)) {', 'values()) {', 'has 256 commands at most, and says that there are more'],
  ]),
  ...mutantsOf('local-peer/cli/look/command-lines.ts', 'local-peer/cli/look/command-lines.test.ts', [
    [
      "plain(command.summary ?? '')",
      "(command.summary ?? '')",
      'shows no character of a stranger that acts on a terminal, and cuts a long schema',
    ],
  ]),
  ...mutantsOf('client/serving/outstanding.ts', 'client/serving/outstanding.test.ts', [
    [
      '(this.#bySource.get(source) ?? 0) < this.#limits.each',
      'true',
      'has room for so many of one twin and of all, until their time is over',
    ],
  ]),
  ...mutantsOf('client/serving/admission.ts', 'client/serving/admission.test.ts', [
    ['twins.has(twin) ||', 'true ||', 'is who is on the list of the command, else on the list of all commands'],
    ['served === undefined || served.has(command)', 'true', 'a command that is not on the list of commands is refused'],
  ]),
  ...mutantsOf('client/directory/directory.ts', 'client/directory/directory.test.ts', [
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
  ...mutantsOf('client/serving/work-queue.ts', 'client/serving/work-queue.test.ts', [
    [
      '< Math.max(1, Math.floor(this.#parallel / 2))',
      '< this.#parallel',
      'has half of its work under way for one owner, and at least one item',
    ],
  ]),
  ...mutantsOf('local-peer/cli/plain.ts', 'local-peer/cli/plain.test.ts', [
    ['\\p{Cc}', '', 'leaves no character that acts on a terminal'],
    [
      '.map((line) => line.replaceAll(UNPRINTABLE, escaped))',
      '',
      'is the same value, without a character that acts on a terminal',
    ],
  ]),
  ...mutantsOf('local-peer/cli/serve/program-environment.ts', 'local-peer/cli/serve/program-environment.test.ts', [
    ['delete env[name];', 'void env[name];', 'tells of the request, and nothing of our settings or of another request'],
    ["!text.includes('\\0') &&", '', 'leaves out what no environment can hold'],
    ['&& Buffer.byteLength(text) <= MAX_VALUE_BYTES', '', 'leaves out what no environment can hold'],
  ]),
  ...mutantsOf('client/mask.ts', 'client/mask.test.ts', [
    ['hidden = hidden.replaceAll(secret, MASK)', 'hidden = hidden', 'hides a text in JSON and out of it'],
  ]),
  ...mutantsOf('client/crypto/sr25519.ts', 'proto/crypto/sr25519.test.ts', [
    ['POINTS.of(account) &&', '', 'verifies after any number of keys that are no points'],
  ]),
  ...mutantsOf('client/seal.ts', 'client/seal.test.ts', [
    ['if (!key.ok) return key;\n    }', '}', 'may reply, but not ask'],
  ]),
  ...mutantsOf('client/directory/judge-key.ts', 'client/directory/judge-key.test.ts', [
    ["isPublicKey(pk) ? 'valid' : 'broken'", "'valid'", 'judges %s'],
    [
      "isPublicKey(pk) ? 'valid' : 'broken'",
      "'valid'",
      'calls a key valid exactly when a shared key can be made with it',
    ],
  ]),
  ...mutantsOf('local-peer/chain-writer/own-watch.ts', 'local-peer/chain-writer/own-watch.test.ts', [
    ['this.#rewrittenAt + REWRITE_MS - now()', '0', 'writes at once, and then at most once an hour'],
    [
      "if (outcome === 'refused' || outcome === 'stopped') return;",
      "if (outcome === 'stopped') return;",
      'writes no more after a refusal that cost a fee',
    ],
    [
      "if (outcome === 'refused') this.#isRepairing = true;",
      '',
      'writes nothing after the start when the write at the start was refused',
    ],
  ]),
  ...mutantsOf('client/serving/seldom.ts', 'client/serving/seldom.test.ts', [
    ['now - last < APART_MS', 'false', 'lets a kind of line about a twin pass once a minute'],
  ]),
  ...mutantsOf('client/ask.ts', 'local-peer/bridge/requests.test.ts', [
    [
      'if (request === undefined) {',
      'if (uid === "") {',
      'is believed for a uid that Redis remembers, and for no other',
    ],
    ["if (envelope.content?.kind !== 'error')", 'if (false)', 'is no answer: what looks like one is dropped'],
  ]),
];
