import type { Address } from '../../proto/address.ts';
import { encodeEnvelope, errorReply } from '../../proto/envelope.ts';
import { type Refusal, refusalText } from '../../proto/reasons.ts';
import type { Receiver, TwinLookup } from '../contract.ts';
import type { Settings } from '../settings.ts';
import { dispatch } from './dispatch.ts';
import type { FederatedMessage } from './federation/bundle.ts';
import { Federator, type FederatorPort } from './federation/federator.ts';
import { addressOf, type Departure, uidOf } from './inbound.ts';
import { Outbox } from './outbox.ts';
import { Standings } from './verdict.ts';

/** What the sending end needs of its object; times in Unix ms. */
export interface DeparturesPort
  extends Pick<FederatorPort, 'sql' | 'background' | 'wakeAt' | 'stored' | 'accepted' | 'failed' | 'tried'> {
  now(): number;
  /** Ends when everything that has arrived until now has been appended. */
  gather(): Promise<void>;
  lookup(twin: number): Promise<TwinLookup>;
  receiver(twin: number): Receiver;
  /** Hands bytes to a session of ours, if it is connected. */
  reply(sid: string | undefined, bytes: Uint8Array): void;
  /** Hands bytes to a session of ours, or keeps them for it. */
  mail(sid: string | undefined, bytes: Uint8Array): void;
  /** A message was refused or dropped. */
  refused(reason: Refusal): void;
  /** These are in their receivers' hands. */
  sent(departures: readonly Departure[]): void;
}

/** The sending end: a message of one of our sessions goes to another twin's object, or another relay, or is refused. */
export class Departures {
  readonly #port: DeparturesPort;
  readonly #settings: Settings;
  readonly #standings = new Standings((host) => this.#ownDomains(host));
  readonly #outbox: Outbox<Departure>;
  readonly #federator: Federator;

  constructor(settings: Settings, port: DeparturesPort) {
    this.#settings = settings;
    this.#port = port;
    this.#outbox = new Outbox({
      gather: () => port.gather(),
      send: (twin, batch) => this.#dispatch(twin, batch).catch((error: unknown) => this.#broken(twin, batch, error)),
    });
    this.#federator = new Federator(settings, {
      ...port,
      ownDomains: (host) => this.#ownDomains(host),
      report: (message, reason) => this.#report(message, reason),
    });
  }

  /** Messages that wait for other relays. */
  get waiting(): number {
    return this.#federator.waiting;
  }

  /** Sets out with a message; what it returns keeps the object awake until that is through. */
  depart(departure: Departure): Promise<void> | undefined {
    const outcome = this.#outbox.append(departure.to.twin, departure);
    if (typeof outcome !== 'string') return outcome;
    this.refuse(departure, outcome);
    return undefined;
  }

  /** Tells the session that sent a request why it goes nowhere; anything else is dropped. */
  refuse({ from, bytes, isRequest }: Pick<Departure, 'from' | 'bytes' | 'isRequest'>, reason: Refusal): void {
    this.#port.refused(reason);
    if (isRequest) this.#port.reply(from.sid, this.#errorOf(uidOf(bytes), addressOf(from), reason));
  }

  /** The alarm of what waits for other relays. */
  tick(): Promise<void> {
    return this.#federator.tick();
  }

  #dispatch(twin: number, batch: readonly Departure[]): Promise<void> {
    return dispatch(twin, batch, this.#standings, {
      lookup: this.#port.lookup,
      receiver: this.#port.receiver,
      refuse: (departure, reason) => this.refuse(departure, reason),
      sent: (departures) => this.#port.sent(departures),
      stored: () => this.#port.stored(),
      absence: this.#federator.absence,
      federate: async (id, leaving) => {
        // To store it takes no time in which others could gather, so they are waited for: a batch is a row.
        await this.#port.gather();
        for (const { departure, reason } of await this.#federator.accept(id, leaving)) this.refuse(departure, reason);
      },
    });
  }

  /** Our own storage failed, say: the senders are told, and what comes next is tried again. */
  #broken(twin: number, batch: readonly Departure[], error: unknown): void {
    console.error(JSON.stringify({ event: 'dispatch-failed', twin, messages: batch.length, error: String(error) }));
    for (const departure of batch) this.refuse(departure, 'undelivered');
  }

  /** As `refuse`, for what left its session a while ago: a sender that is away now finds it in its mailbox. */
  #report({ from, uid, isRequest }: FederatedMessage, reason: Refusal): void {
    this.#port.refused(reason);
    if (isRequest) this.#port.mail(from.connection, this.#errorOf(uid, from, reason));
  }

  #errorOf(uid: string, sender: Address, reason: Refusal): Uint8Array {
    const request = { uid, timestamp: 0n, expiration: 0n, relays: [] };
    return encodeEnvelope(errorReply(request, sender, refusalText(reason), Math.floor(this.#port.now() / 1000)));
  }

  #ownDomains(host: string): readonly string[] {
    return this.#settings.relayDomains.length > 0 ? this.#settings.relayDomains : [host];
  }
}
