import { type Envelope, encodeEnvelope } from '../../../../proto/envelope/envelope.ts';
import type { Case, Seen } from '../../case.ts';
import type { Difference } from '../../differences.ts';
import { compare } from '../../stage/dialogue.ts';
import { request } from '../../stage/envelopes.ts';
import { ask, JSON_FORM, statusLine } from '../../stage/http.ts';
import type { Stage } from '../../stage/stage.ts';

export const OFFLINE = 'destination offline';

/** Posts these bytes as another relay. Resolves with the answer. */
export async function post(
  stage: Stage,
  body: Uint8Array,
  { path = '/', text = OFFLINE, headers = {} } = {},
): Promise<string> {
  return statusLine(await ask(stage.subject, { method: 'POST', path, body, headers }), text);
}

export type Make = (stage: Stage) => Envelope | Promise<Envelope>;

export type Name = readonly [name: string, title: string];

export function brought(
  [name, title]: Name,
  observe: Case['observe'],
  reference: Seen,
  intended?: Case['intended'],
): Case {
  return { name, section: '5.4', title, observe, reference, ...(intended && { intended }) };
}

/** Returns a case about the answer to a POST. @param intended its status alone */
export function answered(
  name: Name,
  make: Make,
  reference: string,
  intended: { seen: number; difference: Difference },
): Case {
  const observe = async (stage: Stage) => {
    const line = await post(stage, encodeEnvelope(await make(stage)));
    return line === reference ? line : Number(line.slice(0, 3));
  };
  return brought(name, observe, reference, intended);
}

/** Returns a case that is refused as offline: the body is the reference's, or JSON that contains it. */
export function offline(name: Name, make: Make): Case {
  const observe = async (stage: Stage) => post(stage, encodeEnvelope(await make(stage)));
  const intended = { seen: `404 ${JSON_FORM}`, difference: 'refusals over HTTP' } as const;
  return brought(name, observe, `404 ${OFFLINE}`, intended);
}

/** Returns a case of a POST to a connected session: the answer, and the bytes that arrive there. */
export function delivered(
  name: Name,
  make: (stage: Stage, sent: Envelope) => Envelope | Promise<Envelope>,
  intended?: Case['intended'],
  path = '/',
): Case {
  const observe = async (stage: Stage) => {
    const to = await stage.open('caller');
    const bytes = encodeEnvelope(await make(stage, request(stage.absent('abroad'), to.address)));
    const line = await post(stage, bytes, { path });
    return line === '202' ? [202, compare(bytes, await to.nextBytes())] : Number(line.slice(0, 3));
  };
  return brought(name, observe, [202, 'the very bytes'], intended);
}
