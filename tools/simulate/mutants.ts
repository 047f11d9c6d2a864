import type { Mutation } from '../../test/rig/mutants/mutant.ts';

/** A rule of custody, and the product without it. */
export interface Mutant extends Mutation {
  readonly name: string;
  /** A seed that found it: tried first, because a search takes longer. */
  readonly seenAt: number;
}

/** Each breaks a promise that the simulation must see: text of the product, once in its file, and what replaces it. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the client gives a receipt before the envelope is in Redis',
    seenAt: 2,
    file: 'client/custody/session.ts',
    find: 'let end = await this.#port.take(arrived.bytes);',
    replace: 'this.#link.taken(arrived, performance.now()); let end = await this.#port.take(arrived.bytes);',
  },
  {
    name: 'the relay counts as handed what only the memory of two objects has',
    seenAt: 94,
    file: 'durable-objects/twin/send/dispatch.ts',
    find: "if (verdict === 'sent') this.#tell(envelope, 'handed');",
    replace: "this.#tell(envelope, 'handed');",
  },
  {
    name: 'a lost connection’s envelopes are not sent again',
    seenAt: 918,
    file: 'client/custody/kept.ts',
    find: "this.#again(out?.takeAll() ?? [], 'lost');",
    replace: 'out?.takeAll();',
  },
  {
    name: 'an envelope without a receipt is not sent again',
    seenAt: 267,
    file: 'client/custody/kept.ts',
    find: 'return place.since + Math.min(SILENT_MS * 2 ** silences, LONGEST_SILENT_MS);',
    replace: 'return silences < 0 ? SILENT_MS + LONGEST_SILENT_MS : Number.POSITIVE_INFINITY;',
  },
  {
    name: 'what is sent again comes in another order',
    seenAt: 556,
    file: 'client/custody/kept.ts',
    find: '.sort((a, b) => a.order - b.order)',
    replace: '.sort((a, b) => b.order - a.order)',
  },
  {
    name: 'a reply whose refusal may pass is given up',
    seenAt: 402,
    file: 'client/custody/kept.ts',
    find: 'if (isAccepted(outcome) || !isPassing(outcome)) return true;',
    replace: 'if (isAccepted(outcome) || isPassing(outcome)) return true;',
  },
  {
    name: 'the client gives receipts for the frames of an object that has forgotten them',
    seenAt: 335,
    file: 'client/custody/link.ts',
    find: 'if (epoch === this.#epoch) this.#receipts.add',
    replace: 'this.#receipts.add',
  },
  {
    name: 'the relay’s window has no end',
    seenAt: 9,
    file: 'durable-objects/twin/custody/in-flight.ts',
    find: 'return envelopes <= this.room && this.#open.bytes + bytes <= this.#window.bytes;',
    replace: 'return true;',
  },
  {
    name: 'a client without Redis forgets what it has seen',
    seenAt: 53,
    file: 'client/receiving/repeats.ts',
    find: 'return until !== undefined && until > this.#now();',
    replace: 'return false;',
  },
  {
    name: 'what is newer is stored before what a session has in flight',
    seenAt: 556,
    file: 'durable-objects/twin/receive/delivery.ts',
    find: "if (!this.#custody.mail.keepOrder(session)) return 'full';",
    replace: '',
  },
  {
    name: 'receipts go to another connection than their envelopes came by',
    seenAt: 26,
    file: 'durable-objects/twin/custody/custody.ts',
    find: 'return this.#byConnection.get(connection);',
    replace: 'return [...this.#byConnection.values()].at(-1);',
  },
  {
    name: 'mail is removed before its receipt',
    seenAt: 770,
    file: 'durable-objects/twin/custody/custody-delivery.ts',
    find: 'custody.givePage(session, page);',
    replace: 'custody.givePage(session, page); this.#mailbox.settle(sid, [page.end]);',
  },
  {
    name: 'another relay’s 202 is for what only memory has',
    seenAt: 598,
    file: 'durable-objects/twin/custody/custody-delivery.ts',
    find: 'if (envelope.isUrgent !== true) {',
    replace: 'if (envelope.ifAway !== undefined) {',
  },
  {
    name: 'a receipt says stored before anything is in the database',
    seenAt: 72,
    file: 'durable-objects/twin/custody/custody-mail.ts',
    find: "verdicts.every((verdict) => verdict !== 'stored') || this.#port.write();",
    replace: 'verdicts.length > 0;',
  },
];
