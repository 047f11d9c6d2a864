import type { Content, Envelope } from '../../../proto/envelope/envelope-codec.ts';
import { signedString } from '../../../proto/envelope/signed-string.ts';

/** Returns numbers in [0, 1). */
export type Random = () => number;

const MAX_U64_DIGITS = 19;
const MAX_U32_DIGITS = 9;
const latin1 = new TextDecoder('latin1');

/**
 * Returns a forger of a signed envelope: each call makes another envelope with the same signed string and signature,
 * as an attacker can. It splits the fields at random places, half of the time near the former places. Undefined when a
 * cut is not possible. The signed string must be ASCII: then its bytes and characters are the same.
 */
export function forgerOf(envelope: Envelope, random: Random): () => Envelope | undefined {
  const text = signedString(envelope)
    .map((part) => latin1.decode(part))
    .join('');
  const ends = endsOf(envelope);
  return () => {
    const cut = random() < 0.5 ? nearCuts(ends, random) : farCuts(text, random);
    return cut === undefined ? undefined : envelopeFrom(text, cut, envelope, random);
  };
}

/** The end of each field, in the order of the signed string. */
interface Cuts {
  readonly ends: readonly number[];
}

/** The lengths of the fields up to federation, as the envelope has them. */
function lengthsOf({ uid, tags, timestamp, expiration, source, destination, content, schema, federation }: Envelope) {
  const code = content?.kind === 'error' ? `${content.code}`.length : 0;
  const text = content?.kind === 'error' ? content.message : content?.kind === 'request' ? content.command : '';
  return [
    uid.length,
    (tags ?? '').length,
    `${timestamp}`.length,
    `${expiration}`.length,
    `${source?.twin ?? 0}`.length,
    (source?.connection ?? '').length,
    `${destination?.twin ?? 0}`.length,
    (destination?.connection ?? '').length,
    code + text.length,
    (schema ?? '').length,
    (federation ?? '').length,
  ];
}

function endsOf(envelope: Envelope): number[] {
  let at = 0;
  return lengthsOf(envelope).map((length) => {
    at += length;
    return at;
  });
}

function nearCuts(original: readonly number[], random: Random): Cuts {
  const ends = [...original];
  const moves = 1 + Math.floor(random() * 3);
  for (let n = 0; n < moves; n += 1) {
    const place = Math.floor(random() * ends.length);
    const by = Math.floor(random() * 9) - 4 || 1;
    ends[place] = (ends[place] ?? 0) + by;
  }
  return { ends };
}

/** Looks for digits that can serve as the four numbers, anywhere in the text. */
function farCuts(text: string, random: Random): Cuts | undefined {
  const from = Math.floor(random() * text.length);
  const digits = /\d{4,}/g;
  digits.lastIndex = from;
  const run = digits.exec(text) ?? /\d{4,}/.exec(text);
  if (run === null) return undefined;
  const start = run.index + Math.floor(random() * Math.min(4, run[0].length - 3));
  const end = run.index + run[0].length;
  const tagsFrom = Math.floor(random() * (start + 1));
  // All four numbers are in one run of digits, with an empty sid between the twins.
  const inner = [0, 0, 0].map(() => start + 1 + Math.floor(random() * (end - start - 1))).sort((a, b) => a - b);
  const [timestamp = 0, expiration = 0, source = 0] = inner;
  const rest = [0, 0, 0, 0].map(() => end + Math.floor(random() * (text.length - end + 1))).sort((a, b) => a - b);
  return { ends: [tagsFrom, start, timestamp, expiration, source, source, end, ...rest] };
}

/** Cuts the text; undefined where a number would be none, or would be written in another way. */
function envelopeFrom(text: string, { ends }: Cuts, from: Envelope, random: Random): Envelope | undefined {
  let at = 0;
  const fields: string[] = [];
  for (const end of ends) {
    if (end < at || end > text.length) return undefined;
    fields.push(text.slice(at, end));
    at = end;
  }
  const [uid = '', tags = '', timestamp, expiration, twin, sid = '', to, toSid = '', body = '', schema = '', old = ''] =
    fields;
  const numbers = [timestamp, expiration].map((each) => numberOf(each, MAX_U64_DIGITS));
  const twins = [twin, to].map((each) => numberOf(each, MAX_U32_DIGITS));
  const [time, life] = numbers;
  const [source, destination] = twins;
  const content = contentFrom(body, from.content, random);
  if (time === undefined || life === undefined || source === undefined || destination === undefined) return undefined;
  if (content === undefined) return undefined;
  const tail = text.slice(at);
  const payloadEnd = Math.floor(random() * (tail.length + 1));
  const relays = tail.slice(payloadEnd);
  return {
    uid,
    ...(tags === '' ? {} : { tags }),
    timestamp: time,
    expiration: life,
    source: { twin: Number(source), ...(sid === '' ? {} : { connection: sid }) },
    destination: { twin: Number(destination), ...(toSid === '' ? {} : { connection: toSid }) },
    content,
    ...(schema === '' ? {} : { schema }),
    ...(old === '' ? {} : { federation: old }),
    payload: { kind: 'plain', bytes: new TextEncoder().encode(tail.slice(0, payloadEnd)) },
    relays: relays === '' ? [] : [relays],
    ...(from.signature === undefined ? {} : { signature: from.signature }),
  };
}

function contentFrom(body: string, from: Content | undefined, random: Random): Content | undefined {
  if (body === '') return { kind: 'response' };
  const code = /^(0|[1-9]\d{0,8})/.exec(body)?.[0];
  if (code !== undefined && (from?.kind === 'error' || random() < 0.3)) {
    return { kind: 'error', code: Number(code), message: body.slice(code.length) };
  }
  return { kind: 'request', command: body };
}

/** The number, when it is written as the signed string writes it. */
function numberOf(text: string | undefined, most: number): bigint | undefined {
  return text !== undefined && /^(0|[1-9]\d*)$/.test(text) && text.length <= most ? BigInt(text) : undefined;
}
