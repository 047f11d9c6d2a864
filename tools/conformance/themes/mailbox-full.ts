import type { Case } from '../case.ts';
import { answerTo } from '../stage/dialogue.ts';
import { request } from '../stage/envelopes.ts';

/** The capacity of a mailbox. */
const MOST = 10_000;
/** The reference trims its queue by whole blocks: with this many more, the oldest are certainly gone. */
const SURPLUS = 300;

export const fullMailbox: readonly Case[] = [
  {
    name: 'too many',
    section: '6.10',
    title: 'a mailbox holds 10,000 messages; of more, some are lost',
    observe: async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      const first = request(from.address, away);
      from.send(first);
      for (let n = 1; n < MOST + SURPLUS; n += 1) from.send(request(from.address, away));
      const marker = request(from.address, stage.absent('caller'), { tags: 'fail-fast' });
      const answer = await answerTo(from, marker);
      const oldest = (await (await stage.openAs('caller', away.connection)).next()).uid === first.uid;
      return [answer, oldest ? 'the oldest is kept' : 'the oldest is lost'];
    },
    reference: ['error: destination offline', 'the oldest is lost'],
    intended: {
      seen: [
        'error: your messages fill their share of the mailbox of the destination, try again later, of another uid',
        'the oldest is kept',
      ],
      difference: 'mailbox full',
    },
  },
  {
    name: 'another sender',
    section: '6.10',
    title: 'a mailbox that one sender filled accepts a message of another',
    observe: async (stage) => {
      const [flood, away] = [await stage.open('callee'), stage.absent('caller')];
      for (let n = 0; n < MOST + SURPLUS; n += 1) flood.send(request(flood.address, away));
      flood.send(request(flood.address, flood.address));
      // Its own message returns behind everything that was refused.
      for (let next = await flood.next(); next.content?.kind === 'error'; ) next = await flood.next();
      const honest = await stage.open('federated');
      honest.send(request(honest.address, away));
      return answerTo(honest, request(honest.address, stage.absent('caller'), { tags: 'fail-fast' }));
    },
    reference: 'error: destination offline',
  },
];
