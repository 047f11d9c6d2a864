import { mutantsOf, type SecurityMutant } from './mutant.ts';

const FEDERATION = 'durable-objects/twin/federation';
const STRANGERS = 'workers/twin-resolver/resolver-strangers.test.ts';

/** Protections of the relay. Others are conformance mutants: test/rig/mutants/mutants.ts. */
export const RELAY_MUTANTS: readonly SecurityMutant[] = [
  ...mutantsOf('workers/check.ts', 'workers/check.test.ts', [
    ['= 16_384;', '= 2 ** 30;', 'has at most 16 KiB'],
    ['await port.charged(checked.error)', 'checked.error', 'is charged to its address if it is refused'],
  ]),
  ...mutantsOf('workers/connect.ts', 'workers/connect.test.ts', [
    [
      'audience !== undefined && !isOwnRelay(audience, names)',
      'false',
      'is refused if it is another relay, and the refusal names this one',
    ],
    ['ownDomains(port.names, host)', 'port.names', 'must be the requested host at a relay without names'],
  ]),
  ...mutantsOf('durable-objects/placement/sparing.ts', 'durable-objects/placement/sparing.test.ts', [
    [
      '|| (await hasObject())',
      '|| true',
      'returns mail that is not stored until the twin has an object, and asks no more after that',
    ],
  ]),
  ...mutantsOf('durable-objects/twin/presence/presence.ts', 'durable-objects/twin/presence/presence.test.ts', [
    ['lookup.region === undefined && !(await wasSeen())', 'false', 'wakes no object of a twin that never connected'],
  ]),
  ...mutantsOf('workers/schnorrkel.ts', 'proto/crypto/sr25519.test.ts', [
    ['verify = undefined;', '', 'verifies after any number of keys that are no points'],
  ]),
  ...mutantsOf('durable-objects/twin/receive/repeats.ts', 'durable-objects/twin/receive/repeats.test.ts', [
    ['passed.passes >= MOST_PASSES', 'false', 'lets an envelope pass four times'],
    ['isStored(passed.place)', 'false', 'takes an envelope for a repeat while the mailbox has it'],
  ]),
  ...mutantsOf('durable-objects/twin/receive/delivery.ts', 'durable-objects/twin/receive/delivery.test.ts', [
    [
      'if (digest !== undefined && this.#repeats.isRepeat(',
      'if (digest === "" && this.#repeats.isRepeat(',
      'delivers a repeat of another relay four times, and stores it once',
    ],
  ]),
  ...mutantsOf(
    'durable-objects/twin/receive/mailbox-shares.ts',
    'durable-objects/twin/receive/mailbox-shares.test.ts',
    [
      [
        'share.messages < maxMessages / TENTH',
        'true',
        'is half for a lone source, and a twentieth for each further one',
      ],
      [
        'share.bytes + envelope.length <= maxBytes / TENTH',
        'true',
        'is shared by bytes as well, and always has room for a first envelope',
      ],
    ],
  ),
  ...mutantsOf(
    'durable-objects/twin/back-pressure/back-pressure.ts',
    'durable-objects/twin/back-pressure/back-pressure.test.ts',
    [
      [
        'return Math.min(MOST_BYTES, freeBytes + paced);',
        'return Number.POSITIVE_INFINITY;',
        'gets 8 MiB at once, then 2 MiB a second, up to 16 MiB',
      ],
      [
        "if (now >= over) return { kind: 'evict'",
        "if (false) return { kind: 'evict'",
        'is closed after 60 s with a held envelope, and not before',
      ],
      [
        'allBytes + bytes <= MOST_OF_ALL_BYTES ||',
        'true ||',
        'have 24 MiB together, and each has a share of 24 KiB that others cannot take',
      ],
    ],
  ),
  ...mutantsOf('durable-objects/twin/back-pressure/ledger.ts', 'durable-objects/twin/back-pressure/ledger.test.ts', [
    [
      'this.#port.sockets.noteUnproven(socket, { bytes, fullAt, heldAt, answeredAt });',
      '',
      'forgets less than 16 KiB of a socket in a sleep, and still holds envelopes back',
    ],
  ]),
  ...mutantsOf(
    'durable-objects/twin/back-pressure/hand-outs.ts',
    'durable-objects/twin/back-pressure/hand-outs.test.ts',
    [
      [
        '>= MOST_IN_VAIN',
        '< 0',
        'a mailbox is suspect after it was handed out in vain three times, also across crashes',
      ],
    ],
  ),
  ...mutantsOf('durable-objects/twin/receive/mailbox.ts', 'durable-objects/twin/receive/mailbox.test.ts', [
    [
      'if (messages > maxMessages || size > maxBytes)',
      'if (messages > maxMessages)',
      'stores at most the bytes of its twin for all sessions together',
    ],
  ]),
  ...mutantsOf('workers/federation/bounded-body.ts', 'workers/federation/bounded-body.test.ts', [
    ['if (reading.size > most) fault', 'if (false) fault', 'is bounded by its bytes, whatever its Content-Length is'],
    ['if (refused === undefined) continue;', 'continue;', 'is judged once by its beginning if it is over 64 KiB'],
    ['if (large >= MOST_LARGE)', 'if (false)', 'is refused if it is over 64 KiB while eight others are read'],
    ['if (left <= 0) {', 'if (left <= -100_000) {', 'times out after 10 s, and 1 s more for each MiB that arrived'],
  ]),
  ...mutantsOf(`${FEDERATION}/relays/known-relays.ts`, `${FEDERATION}/relays/known-relays.test.ts`, [
    ['until: now + NOT_A_RELAY_MS', 'until: now', 'asks a host that responds oddly again after an hour'],
    [
      'failures >= MOST_FAILURES ? now + PAUSE_MS : 0',
      '0',
      'pauses a host for 30 s after eight failures in a row, and again after one more',
    ],
    ['if (this.#known.size <= MOST_HOSTS) return;', 'return;', 'forgets a host after ten thousand others'],
  ]),
  ...mutantsOf(`${FEDERATION}/relays/forward.ts`, `${FEDERATION}/relays/forward.test.ts`, [
    ['isRetry ? 1 : PASSES', 'PASSES', 'makes one pass over all relays when it is a retry'],
    ["&& port.status(domain) === 'ask';", '', 'asks no paused host'],
  ]),
  ...mutantsOf(`${FEDERATION}/relays/relays-to-ask.ts`, `${FEDERATION}/relays/relays-to-ask.test.ts`, [
    ['isPrivate ? name : withoutPort(name)', 'name', 'returns a host once, whatever its ports and spellings are'],
    ['.slice(0, MOST_RELAYS)', '', 'returns four relays at most'],
    [
      'if (isPrivate && !allowsPrivate) continue;',
      '',
      'returns private hosts only where they are allowed, and then each port',
    ],
  ]),
  ...mutantsOf(`${FEDERATION}/relays/private-host.ts`, `${FEDERATION}/relays/private-host.test.ts`, [
    ['return isPrivateV4(v4);', 'return false;', 'takes %s for private'],
  ]),
  ...mutantsOf('workers/twin-resolver/strangers.ts', STRANGERS, [
    [
      'return this.#lastId !== undefined && id > this.#lastId;',
      'return false;',
      'is unknown without a look-up above the highest id, which is read once in 6 s',
    ],
    [
      'if (dials.messages > DIALS_A_MINUTE) return false;',
      '',
      'are read from the chain at most three thousand times a minute, while known twins are served',
    ],
  ]),
  ...mutantsOf('workers/twin-resolver/resolver.ts', STRANGERS, [
    [
      'if (isNew && mayAsk !== undefined && !(await mayAsk())) {',
      'if (mayAsk === null) {',
      'at its limit gets no twin that no cache has, and the chain is not asked',
    ],
  ]),
  ...mutantsOf('workers/strangers-limit.ts', 'workers/strangers-limit.test.ts', [
    [
      'if (!CHARGED.has(refusal.code) || (await charge(limiter, address))) return refusal;',
      'return refusal;',
      'is charged to its address, and answered with 429 at the limit',
    ],
  ]),
  ...mutantsOf('workers/federation/federation-budget.ts', 'workers/federation/federation-budget.test.ts', [
    [
      'if (exceeds(window, limit)) return false;',
      '',
      'counts messages and bytes of each twin, and starts again each minute',
    ],
    [
      "if (refreshes.messages > REFRESHES_A_MINUTE) return 'spent';",
      '',
      'is allowed sixty times a minute in all, however many twins strangers name',
    ],
  ]),
  ...mutantsOf('durable-objects/twin/limits/rate-window.ts', 'durable-objects/twin/limits/rate-limiter.test.ts', [
    [
      'window.messages > limit.messages',
      'false',
      'admits as many messages of all sockets in a minute as its limit, and as many in the next',
    ],
  ]),
  ...mutantsOf('durable-objects/twin/limits/rate-limiter.ts', 'durable-objects/twin/limits/rate-limiter.test.ts', [
    ['this.#port.ended.add(share);', '', 'counts exactly while sockets send, end and open, and the object sleeps'],
  ]),
  ...mutantsOf('durable-objects/twin/sessions/sessions.ts', 'durable-objects/twin/sessions/sessions.test.ts', [
    [
      'readyState === OPEN && this.sessionOf(socket) !== undefined;',
      'readyState === OPEN;',
      'never takes a closed socket for a session again, although the platform calls it open after two sleeps',
    ],
    ['this.#leaves(socket);', '', 'reports once that a socket loses its notes, before it marks the socket'],
  ]),
  ...mutantsOf('workers/federation/envelope-check.ts', 'workers/federation/ingress-forgeries.test.ts', [
    [
      'if (checked.ok) return undefined;',
      'return undefined;',
      'an envelope without the signature of its source is refused',
    ],
    [
      'return seal.ok ? undefined :',
      'return true ? undefined :',
      'a sealed request with fields that were split again is refused',
    ],
    [
      "if (!plausible.ok) return { code: 'implausible', message: implausibleText(plausible.error) };",
      '',
      'an implausible envelope is refused, although it is signed',
    ],
    ['if (isExpired(envelope, port.now()))', 'if (false)', 'an expired envelope is refused'],
    [
      'if (port.wasAccepted(digest)) {',
      'if (false) {',
      'an envelope that was accepted a moment ago is not delivered again',
    ],
  ]),
  ...mutantsOf('workers/federation/federation-ingress.ts', 'workers/federation/ingress-forgeries.test.ts', [
    [
      'isOwnRelay([relayName(via) ?? via], own)',
      'false',
      'an envelope that this relay sent itself is refused as a loop',
    ],
  ]),
  ...mutantsOf('proto/batch/relay-batch.ts', 'proto/batch/relay-batch.test.ts', [
    ['if (start > batch.length) return', 'if (false) return', 'is refused when it is cut anywhere'],
    ['if (count > MOST_BATCH_ENVELOPES) return', 'if (false) return', 'of the vectors is refused: $name'],
  ]),
  ...mutantsOf('workers/federation/federation-ingress.ts', 'workers/federation/batch-ingress.test.ts', [
    [
      'await checkEnvelope(each, settings.federation.verify, remembering)',
      'await checkEnvelope(each, false, remembering)',
      'checks each envelope as if it had come alone',
    ],
  ]),
  ...mutantsOf('durable-objects/settings.ts', 'durable-objects/settings.test.ts', [
    ["data.METRICS === 'open'", 'true', 'parses lists, numbers and words'],
  ]),
  ...mutantsOf('workers/refusal.ts', 'workers/refusal.test.ts', [
    ["'x-content-type-options': 'nosniff'", '', 'a refusal is no page for a browser and is not cached'],
  ]),
];
