import type { Address } from '../../../proto/envelope/address.ts';
import type { Case } from '../case.ts';
import { answerTo } from '../stage/dialogue.ts';
import { request } from '../stage/envelopes.ts';
import { freshSid, type Stage } from '../stage/stage.ts';

const WRONG = 'error: message wrong source';

/** Returns a case of a session (of this sid) that sends a request with this source. */
function from(
  [name, title]: readonly [string, string],
  sidOf: () => string | undefined,
  sourceOf: (stage: Stage, own: Address) => Address | undefined,
  reference: string,
  to: (stage: Stage, own: Address) => Address = (stage) => stage.absent('callee'),
): Case {
  return {
    name,
    section: '6.3',
    title,
    observe: async (stage) => {
      const session = await stage.openAs('caller', sidOf());
      const { address } = session;
      // A relay without the rule answers something too.
      const fields = { tags: 'fail-fast' };
      return answerTo(session, request(sourceOf(stage, address), to(stage, address), fields));
    },
    reference,
  };
}

const none = () => undefined;
const empty = () => '';

export const source: readonly Case[] = [
  from(['another twin', 'source another twin'], freshSid, (stage) => stage.address('callee'), WRONG),
  from(
    ['another twin, same sid', 'source another twin with the session’s sid'],
    freshSid,
    (stage, { connection }) => stage.address('callee', connection),
    WRONG,
  ),
  from(['another sid', 'source another sid'], freshSid, (stage) => stage.absent('caller'), WRONG),
  from(['no sid', 'source without the session’s sid'], freshSid, (stage) => stage.address('caller'), WRONG),
  from(['absent', 'no source at all'], freshSid, none, WRONG),
  from(['"" for none', 'source "" where the session has no sid'], none, (stage) => stage.address('caller', ''), WRONG),
  from(
    ['none for ""', 'source without sid where the session’s is ""'],
    empty,
    (stage) => stage.address('caller'),
    WRONG,
  ),
  from(
    ['""', 'a session "" whose source is ""'],
    empty,
    (_, own) => own,
    'request conformance.echo',
    (_, own) => own,
  ),
  from(
    ['before the destination', 'a wrong source is reported before a missing destination'],
    freshSid,
    (stage) => stage.address('callee'),
    WRONG,
    () => ({ twin: 0 }),
  ),
];
