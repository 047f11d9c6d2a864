import { DurableObject } from 'cloudflare:workers';
import type { Address } from '../../proto/address.ts';
import { encodeEnvelope, errorReply } from '../../proto/envelope.ts';
import { type Refusal, refusalText } from '../../proto/reasons.ts';
import type { Parcel, TwinReader, TwinRpc, Verdict } from '../contract.ts';
import { twinObject } from '../objects.ts';
import { parseSettings, type Settings } from '../settings.ts';
import { Alarms } from './alarms.ts';
import { answerClose } from './close.ts';
import { Delivery } from './delivery.ts';
import { Directory } from './directory.ts';
import { dispatch } from './dispatch.ts';
import type { FederatedMessage } from './federation/bundle.ts';
import { Federator } from './federation/federator.ts';
import { addressOf, type Departure, receive } from './inbound.ts';
import { Mailbox } from './mailbox.ts';
import { Outbox } from './outbox.ts';
import { migrate } from './schema.ts';
import { readSessionUrl } from './session-request.ts';
import { Sessions } from './sessions.ts';

export interface TwinEnv {
  readonly TWIN: DurableObjectNamespace<TwinObject>;
}

/** Long enough for any drain to end or go on by itself, short enough for one that died with its object. */
const RESUME_DRAIN_MS = 5_000;
/** Letters are removed in bunches: an alarm costs a row. */
const EXPIRY_BUNCH_MS = 60_000;

/** One twin: its sockets, its routing, its mailbox. A switchboard; every decision is in a file of its own. */
export class TwinObject extends DurableObject<TwinEnv> implements TwinRpc {
  readonly #settings: Settings;
  readonly #sessions: Sessions<WebSocket>;
  readonly #delivery: Delivery;
  readonly #mailbox: Mailbox;
  readonly #outbox: Outbox<Departure>;
  readonly #directory: Directory;
  readonly #federator: Federator;
  readonly #alarms: Alarms<'mailbox-expiry' | 'mailbox-drain' | 'federation'>;

  constructor(ctx: DurableObjectState, env: TwinEnv) {
    super(ctx, env);
    const settings = parseSettings(env);
    if (!settings.ok) throw new Error(`settings: ${settings.error}`);
    this.#settings = settings.value;
    migrate(ctx.storage.sql);
    this.#alarms = new Alarms(ctx.storage.sql, ctx.storage, ['mailbox-expiry', 'mailbox-drain', 'federation']);
    this.#sessions = new Sessions(ctx);
    this.#mailbox = new Mailbox(ctx.storage.sql, this.#settings.mailbox);
    this.#delivery = new Delivery(this.#sessions, this.#mailbox, this.#settings.mailbox.ttl, {
      now: () => Date.now(),
      pause: () => scheduler.wait(0),
      background: (work) => ctx.waitUntil(work),
      expireAt: (at) => this.#alarms.arm('mailbox-expiry', at + EXPIRY_BUNCH_MS),
      draining: (under) =>
        under ? this.#alarms.arm('mailbox-drain', Date.now() + RESUME_DRAIN_MS) : this.#alarms.cancel('mailbox-drain'),
    });
    this.#directory = new Directory(resolverOf(ctx), () => Date.now());
    this.#federator = new Federator(this.#settings, {
      sql: ctx.storage.sql,
      lookup: (id) => this.#directory.lookup(id),
      receiver: (id) => twinObject(env.TWIN, id),
      ownDomains: (host) => this.#ownDomains(host),
      report: (message, reason) => this.#report(message, reason),
      background: (work) => ctx.waitUntil(work),
      wakeAt: (at) => this.#alarms.arm('federation', at),
    });
    this.#outbox = new Outbox({
      gather: () => scheduler.wait(0),
      send: (twin, batch) => this.#dispatch(twin, batch),
    });
  }

  /** A checked WebSocket upgrade, from the Worker only. */
  override async fetch(request: Request): Promise<Response> {
    const session = readSessionUrl(request.url);
    await this.#alarms.revive();
    const { 0: client, 1: server } = new WebSocketPair();
    // Its first page goes ahead of all that arrives from now on; the rest must not hold up the answer.
    if (this.#sessions.accept(server, session, Date.now())) this.ctx.waitUntil(this.#delivery.drain(session.sid));
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    const session = this.#sessions.sessionOf(socket);
    if (session === undefined) return;
    await receive(frame, session, this.#settings.maxEnvelopeBytes, {
      close: ({ code, reason }) => socket.close(code, reason),
      reply: (bytes) => this.#sessions.send(session.sid, bytes),
      refuse: (what, reason) => this.#refuse(what, reason),
      depart: (departure) => this.#depart(departure),
    });
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#sessions.forget(socket);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#sessions.forget(socket);
  }

  override async alarm(): Promise<void> {
    await this.#alarms.run(Date.now(), {
      'mailbox-expiry': async () => {
        const next = this.#mailbox.purge(Math.floor(Date.now() / 1000));
        if (next !== undefined) await this.#alarms.arm('mailbox-expiry', next * 1000 + EXPIRY_BUNCH_MS);
      },
      'mailbox-drain': async () => {
        for (const socket of this.ctx.getWebSockets()) {
          const session = this.#sessions.sessionOf(socket);
          if (session !== undefined) await this.#delivery.drain(session.sid);
        }
      },
      federation: () => this.#federator.tick(),
    });
  }

  /** The receiving end, for the objects of other twins. */
  async deliver(batch: readonly Parcel[]): Promise<Verdict[]> {
    return this.#delivery.deliver(batch);
  }

  #depart(departure: Departure): Promise<void> | undefined {
    const outcome = this.#outbox.append(departure.to.twin, departure);
    if (typeof outcome !== 'string') return outcome;
    this.#refuse(departure, outcome);
    return undefined;
  }

  #dispatch(twin: number, batch: readonly Departure[]): Promise<void> {
    return dispatch(twin, batch, (host) => this.#ownDomains(host), {
      lookup: (id) => this.#directory.lookup(id),
      receiver: (id) => (id === batch[0]?.from.twin ? this : twinObject(this.env.TWIN, id)),
      refuse: (departure, reason) => this.#refuse(departure, reason),
      absence: this.#federator.absence,
      federate: async (id, leaving) => {
        for (const { departure, reason } of await this.#federator.accept(id, leaving)) this.#refuse(departure, reason);
      },
    });
  }

  #ownDomains(host: string): readonly string[] {
    return this.#settings.relayDomains.length > 0 ? this.#settings.relayDomains : [host];
  }

  #refuse(what: Pick<Departure, 'from' | 'uid' | 'isRequest'>, reason: Refusal): void {
    if (what.isRequest) this.#sessions.send(what.from.sid, errorOf(what.uid, addressOf(what.from), reason));
  }

  /** The same for what left its session a while ago: a sender that is away now finds it in its mailbox. */
  #report(message: FederatedMessage, reason: Refusal): void {
    if (!message.isRequest) return;
    const expiresAt = Math.floor(Date.now() / 1000) + this.#settings.mailbox.ttl;
    const bytes = errorOf(message.uid, message.from, reason);
    this.ctx.waitUntil(this.#delivery.deliver([{ sid: message.from.connection, bytes, ifAway: 'store', expiresAt }]));
  }
}

/** The error envelope for a request that is refused. */
function errorOf(uid: string, sender: Address, reason: Refusal): Uint8Array {
  const request = { uid, timestamp: 0n, expiration: 0n, relays: [] };
  const now = Math.floor(Date.now() / 1000);
  return encodeEnvelope(errorReply(request, sender, refusalText(reason), now));
}

/** The resolver is reached in the same Worker by its exported class: no binding to deploy. */
function resolverOf(ctx: DurableObjectState): TwinReader {
  return ctx.exports.TwinResolver;
}
