import { mutantsOf, type SecurityMutant } from './mutant.ts';

const FEDERATION = 'durable-objects/twin/federation';
const STRANGERS = 'workers/twin-resolver/resolver-strangers.test.ts';

/** Protections of the relay. Others are conformance mutants: test/rig/mutants.ts. */
export const RELAY_MUTANTS: readonly SecurityMutant[] = [
  ...mutantsOf('workers/connect.ts', 'workers/connect.test.ts', [
    [
      'audience !== undefined && !isOurs(audience, names)',
      'false',
      'is refused when it is another relay’s, and the refusal names the expected ones',
    ],
    [
      'port.names.length > 0 ? port.names : [host]',
      'port.names',
      'is the host that was asked, at a relay without names',
    ],
  ]),
  ...mutantsOf('durable-objects/twin/repeats.ts', 'durable-objects/twin/repeats.test.ts', [
    ['passed.passes >= MOST_PASSES', 'false', 'passes four times'],
    ['lies(passed.place)', 'false', 'is a repeat while it still lies in the mailbox'],
  ]),
  ...mutantsOf('durable-objects/twin/delivery.ts', 'durable-objects/twin/delivery.test.ts', [
    [
      'if (digest !== undefined && this.#repeats.isRepeat(',
      'if (digest === "" && this.#repeats.isRepeat(',
      'delivers what another relay brings again four times, and stores it once',
    ],
  ]),
  ...mutantsOf('durable-objects/twin/mailbox-shares.ts', 'durable-objects/twin/mailbox-shares.test.ts', [
    ['share.messages < maxMessages / TENTH', 'true', 'is half for a lone source, and a twentieth for each further one'],
    [
      'share.bytes + envelope.length <= maxBytes / TENTH',
      'true',
      'is shared by bytes as well, and a first envelope always finds room',
    ],
  ]),
  ...mutantsOf('workers/bounded-body.ts', 'workers/bounded-body.test.ts', [
    ['if (reading.size > most) fault', 'if (false) fault', 'is counted whatever its Content-Length says'],
    ['if (refused === undefined) continue;', 'continue;', 'over 64 KiB is judged once, by its beginning'],
    ['if (large >= MOST_LARGE)', 'if (false)', 'over 64 KiB is refused while eight others are read'],
    [
      'if (left <= 0) {',
      'if (left <= -100_000) {',
      'that stalls is given up after 10 s, and 1 s more for each MiB that came',
    ],
  ]),
  ...mutantsOf(`${FEDERATION}/known-relays.ts`, `${FEDERATION}/known-relays.test.ts`, [
    ['until: now + ALONE_MS', 'until: now', 'that answers oddly is left alone for an hour'],
    [
      'failures >= MOST_FAILURES ? now + REST_MS : 0',
      '0',
      'that failed eight times in a row rests for 30 s, and again after one more failure',
    ],
    ['if (this.#known.size <= MOST) return;', 'return;', 'is forgotten when ten thousand others came after it'],
  ]),
  ...mutantsOf(`${FEDERATION}/carry.ts`, `${FEDERATION}/carry.test.ts`, [
    ['isRetry ? 1 : PASSES', 'PASSES', 'goes once over all relays when it is a retry'],
    ["port.standing(domain) === 'ask' ?", 'true ?', 'asks no host that rests'],
  ]),
  ...mutantsOf(`${FEDERATION}/relays-to-ask.ts`, `${FEDERATION}/relays-to-ask.test.ts`, [
    ['isPrivate ? name : hostOf(name)', 'name', 'hold a host once, whatever its ports and spellings are'],
    ['.slice(0, MOST_RELAYS)', '', 'are four at most'],
    [
      'if (isPrivate && !allowsPrivate) continue;',
      '',
      'hold private hosts only when those are allowed, and then each port',
    ],
  ]),
  ...mutantsOf(`${FEDERATION}/private-host.ts`, `${FEDERATION}/private-host.test.ts`, [
    ['return isPrivateV4(v4);', 'return false;', '%s is private'],
  ]),
  ...mutantsOf('workers/twin-resolver/strangers.ts', STRANGERS, [
    [
      'return this.#lastId !== undefined && id > this.#lastId;',
      'return false;',
      'above the highest is unknown without a look-up, and the highest is read once in 6 s',
    ],
    [
      'if (dials.messages > DIALS_A_MINUTE) return false;',
      '',
      'are read from the chain three thousand times a minute at most; known twins are served all the same',
    ],
  ]),
  ...mutantsOf('workers/federation-budget.ts', 'workers/federation-budget.test.ts', [
    [
      'if (exceeds(window, limit)) return false;',
      '',
      'is counted in messages and bytes, for each twin apart, anew each minute',
    ],
    [
      "if (refreshes.messages > REFRESHES_A_MINUTE) return 'spent';",
      '',
      'comes sixty times a minute in all, however many twins strangers name',
    ],
  ]),
  ...mutantsOf('durable-objects/twin/rate-window.ts', 'durable-objects/twin/rate-limiter.test.ts', [
    [
      'window.messages > limit.messages',
      'false',
      'lets pass as many messages in a minute as its limit says, of all sockets together, and as many in the next',
    ],
  ]),
  ...mutantsOf('workers/federation-ingress.ts', 'workers/ingress-forgeries.test.ts', [
    ['if (checked.ok) return undefined;', 'return undefined;', 'an envelope that its source has not signed is refused'],
    ['return seal.ok ? undefined :', 'return true ? undefined :', 'a sealed request that was split anew is refused'],
    [
      "if (!plausible.ok) return refusal('implausible', implausibleText(plausible.error));",
      '',
      'a signed envelope with what no honest sender writes is refused',
    ],
    ['if (isExpired(envelope, port.now()))', 'if (false)', 'an envelope whose time is over is refused'],
    [
      'if (port.wasAnswered(digest)) {',
      'if (false) {',
      'an envelope that was taken a moment ago is not delivered again',
    ],
    ['isOurs([relayName(via) ?? via], own)', 'false', 'an envelope that this relay has sent itself is a loop'],
  ]),
  ...mutantsOf('durable-objects/settings.ts', 'durable-objects/settings.test.ts', [
    ["data.METRICS === 'open'", 'true', 'reads lists, numbers and words'],
  ]),
  ...mutantsOf('workers/refusal.ts', 'workers/refusal.test.ts', [
    ["'x-content-type-options': 'nosniff'", '', 'a refusal is never taken for a page, nor kept by a cache'],
  ]),
];
