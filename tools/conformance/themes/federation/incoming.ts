import { type Envelope, encodeEnvelope } from '../../../../proto/envelope/envelope.ts';
import type { Case, Seen } from '../../case.ts';
import { compare, said } from '../../stage/dialogue.ts';
import { large, ping, request, response } from '../../stage/envelopes.ts';
import { JSON_FORM } from '../../stage/http.ts';
import { type Stage, unixNow } from '../../stage/stage.ts';
import { batches } from './incoming-batch.ts';
import { answered, brought, delivered, OFFLINE, offline, post } from './incoming-case.ts';

const MIB = 2 ** 20;
const FAIL_FAST = { tags: 'fail-fast' };

/** Returns an envelope with the same signed string: the uid's last letter becomes the first of the tags. */
function splitDifferently({ uid, tags, ...rest }: Envelope): Envelope {
  return { ...rest, uid: uid.slice(0, -1), tags: `${uid.slice(-1)}${tags}` };
}

/** Posts an envelope six times. Resolves with how often the session gets it. */
async function broughtAgain(stage: Stage): Promise<Seen> {
  const to = await stage.open('caller');
  const make = async () => encodeEnvelope(await stage.signed('abroad', request(stage.absent('abroad'), to.address)));
  const [bytes, marker] = [await make(), await make()];
  const lines = new Set<string>();
  for (let n = 0; n < 6; n += 1) lines.add(await post(stage, bytes));
  await post(stage, marker);
  let times = 0;
  while (compare(marker, await to.nextBytes()) !== 'the very bytes') times += 1;
  return [...lines, times];
}

const signed = (stage: Stage, envelope: Envelope) => stage.signed('abroad', envelope);
const FORGED = { seen: 403, difference: 'federation ingress: unsigned or forged' } as const;
const IMPLAUSIBLE = { seen: 403, difference: 'federation ingress: implausible' } as const;
const NOBODY = { seen: 404, difference: 'federation ingress: nobody here' } as const;

const deliveries: readonly Case[] = [
  delivered(['signed', 'a signed envelope reaches the session'], signed),
  delivered(['any query', 'any query is accepted'], signed, undefined, '/?x=1'),
  delivered(['a ping', 'a ping reaches the session: no pong is made'], (stage, { source, destination }) =>
    signed(stage, ping(source ?? { twin: 0 }, destination)),
  ),
  delivered(['unsigned', 'an unsigned envelope'], (_, sent) => sent, FORGED),
  delivered(['forged', 'an envelope that another twin signed'], (stage, sent) => stage.signed('callee', sent), FORGED),
  delivered(
    ['twin 0', 'an error of “twin 0”'],
    (_, { destination }) => request(undefined, destination, { content: { kind: 'error', code: 0, message: 'x' } }),
    FORGED,
  ),
  delivered(
    ['expired', 'an envelope that expired 1000 s ago'],
    (stage, sent) => signed(stage, { ...sent, timestamp: BigInt(unixNow() - 1010), expiration: 10n }),
    { seen: 410, difference: 'federation ingress: expired' },
  ),
  delivered(['unsealed', 'an envelope without a seal reaches the session'], async (stage, sent) =>
    stage.unsealed('abroad', sent),
  ),
  delivered(
    ['split differently', 'a sealed request whose signed string was split into other fields'],
    async (stage, sent) => splitDifferently(await signed(stage, sent)),
    { seen: 403, difference: 'federation ingress: split differently' },
  ),
  delivered(
    ['from the future', 'an envelope of the next hour'],
    (stage, sent) => signed(stage, { ...sent, timestamp: BigInt(unixNow() + 3600) }),
    IMPLAUSIBLE,
  ),
  delivered(
    ['for centuries', 'an envelope that lives for centuries'],
    (stage, sent) => signed(stage, { ...sent, expiration: 2n ** 62n }),
    IMPLAUSIBLE,
  ),
  brought(
    ['kept', 'an envelope for an offline twin of this relay is stored'],
    async (stage) => {
      const away = stage.absent('caller');
      const bytes = encodeEnvelope(await signed(stage, request(stage.absent('abroad'), away)));
      const line = await post(stage, bytes);
      return [line, compare(bytes, await (await stage.openAs('caller', away.connection)).nextBytes())];
    },
    ['202', 'the very bytes'],
  ),
  brought(
    ['again', 'an envelope posted six times is delivered once and gets 202 each time'],
    broughtAgain,
    ['202', 6],
    { seen: ['202', 1], difference: 'federation ingress: brought again' },
  ),
  brought(
    ['no copy', 'a delivered envelope is not stored as well'],
    async (stage) => {
      const first = await stage.open('caller');
      const [one, two] = await Promise.all(
        [1, 2].map(() => signed(stage, request(stage.absent('abroad'), first.address))),
      );
      if (!one || !two) return 'no envelopes';
      await post(stage, encodeEnvelope(one));
      await first.next();
      await first.close();
      await post(stage, encodeEnvelope(two));
      const again = await stage.openAs('caller', first.address.connection);
      const next = await again.next();
      return next.uid === two.uid ? 'once' : `again: ${said(next)}`;
    },
    'once',
  ),
];

const refusals: readonly Case[] = [
  brought(
    ['garbage', 'bytes that are no envelope get 400'],
    async (stage) => {
      const line = await post(stage, Uint8Array.of(255, 255, 255), { text: 'bad request: ' });
      return line.startsWith('400 bad request: ') ? '400 bad request' : line;
    },
    '400 bad request',
    { seen: `400 ${JSON_FORM}`, difference: 'refusals over HTTP' },
  ),
  offline(['request, fail-fast', 'a request to an offline session, fail-fast'], (stage) =>
    signed(stage, request(stage.absent('abroad'), stage.absent('caller'), FAIL_FAST)),
  ),
  offline(['response, fail-fast', 'a response to an offline session, fail-fast'], (stage) =>
    signed(stage, response(stage.absent('abroad'), stage.absent('caller'), FAIL_FAST)),
  ),
  answered(
    ['20 MiB', '20 MiB to an offline session, fail-fast'],
    (stage) => signed(stage, large(stage.absent('abroad'), stage.absent('caller'), 20 * MIB, FAIL_FAST)),
    `404 ${OFFLINE}`,
    { seen: 400, difference: 'federation ingress: too large' },
  ),
  brought(['empty', 'an empty body'], async (stage) => (await post(stage, new Uint8Array(0))).slice(0, 3), '202', {
    seen: '403',
    difference: 'federation ingress: unsigned or forged',
  }),
  answered(
    ['no destination', 'an envelope without destination'],
    (stage) => signed(stage, request(stage.absent('abroad'))),
    '202',
    NOBODY,
  ),
  answered(
    ['unknown', 'an envelope for a twin that is not on chain'],
    (stage) => signed(stage, request(stage.absent('abroad'), { twin: 999_999 })),
    '202',
    NOBODY,
  ),
  answered(
    ['of another relay', 'an envelope for a twin of another relay that is not connected here'],
    (stage) => signed(stage, request(stage.absent('abroad'), stage.absent('abroad'))),
    '202',
    NOBODY,
  ),
  answered(
    ['without relay', 'an envelope for a twin without relay that is not connected here'],
    (stage) => signed(stage, request(stage.absent('abroad'), stage.absent('homeless'))),
    '202',
    NOBODY,
  ),
  answered(
    ['unknown source', 'an envelope of a twin that is not on chain'],
    (stage) => signed(stage, request({ twin: 999_999 }, stage.absent('caller'))),
    '202',
    FORGED,
  ),
  brought(
    ['loop', 'an envelope that names this relay as its sender'],
    async (stage) => {
      const envelope = await signed(stage, request(stage.absent('abroad'), stage.absent('caller')));
      const headers = { 'rmb-via': stage.subject.domains.relay };
      return (await post(stage, encodeEnvelope(envelope), { headers })).slice(0, 3);
    },
    '202',
    { seen: '421', difference: 'federation ingress: a loop' },
  ),
];

export const federationIn: readonly Case[] = [...deliveries, ...refusals, ...batches];
