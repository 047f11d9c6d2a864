import { DurableObject } from 'cloudflare:workers';
import type { Address } from '../../proto/address.ts';
import { encodeEnvelope, errorReply } from '../../proto/envelope.ts';
import { type Refusal, refusalText } from '../../proto/reasons.ts';
import type { Parcel, TwinGauges, TwinReader, TwinRpc, Verdict } from '../contract.ts';
import { twinObject } from '../objects.ts';
import { parseSettings, type Settings } from '../settings.ts';
import { DELIVERY_BUCKETS } from '../stats/catalogue.ts';
import { Alarms } from './alarms.ts';
import { answerClose } from './close.ts';
import type { Delivery } from './delivery.ts';
import { Directory } from './directory.ts';
import { dispatch } from './dispatch.ts';
import type { FederatedMessage } from './federation/bundle.ts';
import { Federator } from './federation/federator.ts';
import { addressOf, type Departure, receive } from './inbound.ts';
import { Mailbox } from './mailbox.ts';
import { Outbox } from './outbox.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { Reporter } from './reporter.ts';
import { migrate } from './schema.ts';
import { readSessionUrl } from './session-request.ts';
import { MAX_SESSIONS, Sessions } from './sessions.ts';
import { openDelivery, openLimiter, openReporter, type TwinAlarms, type TwinEnv } from './wiring.ts';

/** One twin: its sockets, its routing, its mailbox. A switchboard; every decision is in a file of its own. */
export class TwinObject extends DurableObject<TwinEnv> implements TwinRpc {
  readonly #settings: Settings;
  readonly #sessions: Sessions<WebSocket>;
  readonly #mailbox: Mailbox;
  readonly #delivery: Delivery;
  readonly #outbox: Outbox<Departure>;
  readonly #limiter: RateLimiter<WebSocket>;
  readonly #directory: Directory;
  readonly #federator: Federator;
  readonly #reporter: Reporter;
  readonly #alarms: TwinAlarms;

  constructor(ctx: DurableObjectState, env: TwinEnv) {
    super(ctx, env);
    const settings = parseSettings(env);
    if (!settings.ok) throw new Error(`settings: ${settings.error}`);
    this.#settings = settings.value;
    migrate(ctx.storage.sql);
    this.#alarms = new Alarms(ctx.storage.sql, ctx.storage, ['mailbox-expiry', 'mailbox-drain', 'federation']);
    this.#sessions = new Sessions(ctx);
    this.#mailbox = new Mailbox(ctx.storage.sql, this.#settings.mailbox);
    this.#reporter = openReporter(ctx, env.STATS, this.#sessions, () => this.#gauges());
    this.#reporter.count('relay_twin_wakes_total');
    const doors = {
      has: (sid: string | undefined) => this.#sessions.has(sid),
      send: (sid: string | undefined, bytes: Uint8Array) => this.#send(sid, bytes),
    };
    const { ttl } = this.#settings.mailbox;
    this.#delivery = openDelivery(ctx, doors, this.#mailbox, ttl, this.#alarms, this.#reporter);
    this.#limiter = openLimiter(ctx, this.#sessions, this.#settings.rateLimit);
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
    await this.#alarms.revive(Date.now());
    const { 0: client, 1: server } = new WebSocketPair();
    const acceptance = this.#sessions.accept(server, session, Date.now());
    if (acceptance === 'full') return tooManySessions(session.twin);
    // The elder connection may have been dead for a while: what it was given last is given again.
    if (acceptance === 'replaced') this.#delivery.ended(session.sid, false);
    // Its first page goes ahead of all that arrives from now on; the rest must not hold up the answer.
    if (acceptance !== 'contested') this.ctx.waitUntil(this.#delivery.drain(session.sid));
    if (acceptance !== 'new') this.#reporter.count('relay_session_evictions_total', 1, acceptance);
    if (this.#sessions.all().length === 1) this.ctx.waitUntil(this.#reporter.flush());
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    const session = this.#sessions.sessionOf(socket);
    if (session === undefined) return;
    const now = Date.now();
    await receive(
      frame,
      session,
      { maxBytes: this.#settings.maxEnvelopeBytes, now },
      {
        close: ({ code, reason }) => {
          this.#reporter.count('relay_session_evictions_total', 1, `protocol-${code}`);
          socket.close(code, reason);
        },
        admit: (bytes) => {
          this.#reporter.count('relay_message_rx');
          this.#reporter.count('relay_message_rx_bytes', bytes);
          return this.#limiter.admit(socket, bytes, now);
        },
        reply: (bytes) => this.#send(session.sid, bytes),
        refuse: (what, reason) => this.#refuse(what, reason),
        depart: (departure) => this.#depart(departure),
      },
    );
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string, isClean: boolean): void {
    this.#ended(socket, isClean);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#ended(socket, false);
  }

  override async alarm(): Promise<void> {
    await this.#alarms.run(Date.now(), {
      'mailbox-expiry': () => this.#delivery.purge(),
      'mailbox-drain': async () => {
        for (const socket of this.ctx.getWebSockets()) {
          const session = this.#sessions.sessionOf(socket);
          if (session !== undefined) await this.#delivery.drain(session.sid);
        }
      },
      federation: () => this.#federator.tick(),
    });
    await this.#reporter.flush();
  }

  /** The receiving end, for the objects of other twins. */
  async deliver(batch: readonly Parcel[]): Promise<Verdict[]> {
    return this.#delivery.deliver(batch);
  }

  #ended(socket: WebSocket, isClean: boolean): void {
    this.#limiter.ended(socket, Date.now());
    this.#reporter.count('relay_session_evictions_total', 1, isClean ? 'closed' : 'broken');
    const session = this.#sessions.forget(socket);
    if (session === undefined) return;
    this.#delivery.ended(session.sid, isClean);
    if (this.#sessions.all().length === 0) this.ctx.waitUntil(this.#reporter.flush());
  }

  /** Hands bytes to a session's socket; false when there is none. */
  #send(sid: string | undefined, bytes: Uint8Array): boolean {
    if (!this.#sessions.send(sid, bytes)) return false;
    this.#reporter.count('relay_message_tx');
    this.#reporter.count('relay_message_tx_bytes', bytes.length);
    return true;
  }

  #gauges(): TwinGauges {
    const { messages, bytes } = this.#mailbox.waiting();
    return { sessions: this.#sessions.all().length, mailboxMessages: messages, mailboxBytes: bytes, outboxMessages: 0 };
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
      sent: ({ arrivedAt }) =>
        this.#reporter.observe('relay_delivery_seconds', DELIVERY_BUCKETS, (Date.now() - arrivedAt) / 1000),
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
    this.#reporter.count('relay_messages_dropped_total', 1, reason);
    if (what.isRequest) this.#send(what.from.sid, errorOf(what.uid, addressOf(what.from), reason));
  }

  /** The same for what left its session a while ago: a sender that is away now finds it in its mailbox. */
  #report(message: FederatedMessage, reason: Refusal): void {
    this.#reporter.count('relay_messages_dropped_total', 1, reason);
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

function tooManySessions(twin: number): Response {
  const message = `too many sessions: twin ${twin} has ${MAX_SESSIONS} open; close some, or use fewer sids`;
  return Response.json({ error: { code: 'too-many-sessions', message, twin, limit: MAX_SESSIONS } }, { status: 429 });
}

/** The resolver is reached in the same Worker by its exported class: no binding to deploy. */
function resolverOf(ctx: DurableObjectState): TwinReader {
  return ctx.exports.TwinResolver;
}
