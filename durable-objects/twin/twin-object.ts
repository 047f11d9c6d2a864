import { DurableObject, RpcTarget } from 'cloudflare:workers';
import type { Batch, TwinGauges, TwinLine, TwinReader, TwinRpc, Verdicts } from '../contract.ts';
import { twinObject } from '../objects.ts';
import { type Settings, settingsOf } from '../settings.ts';
import type { Session } from './attachment.ts';
import { answerClose } from './close.ts';
import type { Delivery, SendBytes } from './delivery.ts';
import type { Departures } from './departures.ts';
import { Directory } from './directory.ts';
import { type InboundPort, receive } from './inbound.ts';
import { Lines } from './lines.ts';
import { Mailbox } from './mailbox.ts';
import { packVerdicts, unpackParcels } from './parcels.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { Reporter } from './reporter.ts';
import { readSessionUrl } from './session-request.ts';
import { Sessions } from './sessions.ts';
import { TablesOnDemand } from './tables.ts';
import {
  openAlarms,
  openDelivery,
  openDepartures,
  openLimiter,
  openReporter,
  type TwinAlarms,
  type TwinEnv,
} from './wiring.ts';

/** No close frame came. */
const TORN_CODE = 1006;

/** One twin: its sockets, its routing, its mailbox. A switchboard; every decision is in a file of its own. */
export class TwinObject extends DurableObject<TwinEnv> implements TwinRpc {
  readonly #settings: Settings;
  readonly #sessions: Sessions<WebSocket>;
  readonly #mailbox: Mailbox;
  readonly #delivery: Delivery;
  readonly #limiter: RateLimiter<WebSocket>;
  readonly #departures: Departures;
  readonly #reporter: Reporter;
  readonly #alarms: TwinAlarms;
  /** Made once a socket, not once a frame. */
  readonly #ports = new WeakMap<WebSocket, InboundPort>();

  constructor(ctx: DurableObjectState, env: TwinEnv) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    const sql = new TablesOnDemand(ctx.storage.sql);
    this.#alarms = openAlarms(ctx, sql);
    this.#sessions = new Sessions(ctx, (socket) => this.#limiter.ended(socket, Date.now()));
    this.#mailbox = new Mailbox(sql, this.#settings.mailbox);
    this.#reporter = openReporter(ctx, env.STATS, this.#sessions, () => this.#gauges());
    this.#reporter.woke();
    const doors = {
      has: (sid: string | undefined) => this.#sessions.has(sid),
      send: (sid: string | undefined, bytes: Uint8Array) => this.#send(sid, bytes),
      sender: (sid: string | undefined) => this.#sender(sid),
    };
    const { ttl } = this.#settings.mailbox;
    this.#delivery = openDelivery(ctx, doors, this.#mailbox, ttl, this.#alarms, this.#reporter);
    this.#limiter = openLimiter(ctx, sql, this.#sessions, this.#settings.rateLimit);
    const directory = new Directory(resolverOf(ctx), () => Date.now());
    const lines = new Lines({
      now: () => Date.now(),
      twin: (id) => twinObject(env.TWIN, id),
      background: (work) => ctx.waitUntil(work),
      wait: (ms) => scheduler.wait(ms),
    });
    this.#departures = openDepartures(ctx, sql, this.#settings, this.#alarms, this.#reporter, {
      lookup: (id) => directory.lookup(id),
      receiver: (id) => (String(id) === ctx.id.name ? this.#delivery : lines.receiver(id)),
      reply: (sid, bytes) => this.#send(sid, bytes),
      mail: (sid, bytes) => ctx.waitUntil(this.#delivery.mail(sid, bytes)),
    });
    this.#dismissUnreadable();
  }

  /** A checked WebSocket upgrade, from the Worker only. */
  override async fetch(request: Request): Promise<Response> {
    const session = readSessionUrl(request.url);
    await this.#alarms.revive();
    const { 0: client, 1: server } = new WebSocketPair();
    const acceptance = this.#sessions.accept(server, session, Date.now());
    if (acceptance === 'full') return new Response(null, { status: 429 });
    if (acceptance !== 'contested') {
      // Its last connection may have been dead for a while: mail that it did not answer for is given again.
      this.#delivery.ended(session.sid, false);
      // Its first page goes ahead of all that arrives from now on; the rest must not hold up the answer.
      this.ctx.waitUntil(this.#delivery.drain(session.sid));
    }
    if (acceptance !== 'new') this.#reporter.count('relay_session_evictions_total', 1, acceptance);
    // A session that only changed hands changes no gauge.
    if (acceptance === 'new' && this.#sessions.all().length === 1) this.ctx.waitUntil(this.#reporter.announce());
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): void | Promise<void> {
    const session = this.#sessions.sessionOf(socket);
    // A socket that we closed may go on sending until its client has noticed.
    if (session === undefined || !this.#sessions.hears(socket)) return;
    let port = this.#ports.get(socket);
    if (port === undefined) {
      port = this.#portOf(socket, session);
      this.#ports.set(socket, port);
    }
    const limits = { maxBytes: this.#settings.maxEnvelopeBytes, now: Date.now() };
    return receive(frame, session, limits, port);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string, isClean: boolean): void {
    this.#ended(socket, code, isClean);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#ended(socket, TORN_CODE, false);
  }

  override async alarm(): Promise<void> {
    // With a session the counts may wait; to be told is what lies here no longer.
    let isNews = this.#sessions.all().length === 0;
    await this.#alarms.run(Date.now(), {
      'mailbox-expiry': () => {
        isNews = true;
        return this.#delivery.purge();
      },
      'mailbox-drain': async () => {
        isNews = true;
        const sessions = this.#sessions.all().flatMap((socket) => this.#sessions.sessionOf(socket) ?? []);
        await Promise.all(sessions.map(({ sid }) => this.#delivery.drain(sid)));
      },
      federation: () => {
        isNews ||= this.#departures.waiting > 0;
        return this.#departures.tick();
      },
    });
    if (isNews) await this.#reporter.flush();
  }

  /** The receiving end, for the objects of other twins. */
  async deliver(batch: Batch): Promise<Verdicts> {
    return packVerdicts(await this.#delivery.deliver(unpackParcels(batch)));
  }

  line(): Line {
    return new Line((batch) => this.deliver(batch));
  }

  #ended(socket: WebSocket, code: number, isClean: boolean): void {
    const end = this.#sessions.ended(socket, code);
    // Another connection holds the session, or never lost it: that was counted when it came.
    if (end === undefined) return;
    this.#delivery.ended(end.sid, isClean);
    if (end.wasDismissed) return;
    this.#reporter.count('relay_session_evictions_total', 1, isClean ? 'closed' : 'broken');
    this.#flushIfAlone();
  }

  /** Otherwise they would stay open and deaf, and their pings would be answered. */
  #dismissUnreadable(): void {
    const dismissed = this.#sessions.dismissUnreadable();
    if (dismissed === 0) return;
    this.#reporter.count('relay_session_evictions_total', dismissed, 'unreadable');
    this.#flushIfAlone();
  }

  /** Without a session there is no later event at which counts and gauges are handed over. */
  #flushIfAlone(): void {
    if (this.#sessions.all().length === 0) this.ctx.waitUntil(this.#reporter.flush());
  }

  /** What the frames of one socket lead to. */
  #portOf(socket: WebSocket, session: Session): InboundPort {
    return {
      close: (why) => {
        this.#reporter.count('relay_session_evictions_total', 1, `protocol-${why.code}`);
        this.#sessions.dismiss(socket, why);
        this.#flushIfAlone();
      },
      admit: (bytes, now) => {
        this.#reporter.received(bytes);
        return this.#limiter.admit(socket, bytes, now);
      },
      reply: (bytes) => this.#send(session.sid, bytes),
      refuse: (what, reason) => this.#departures.refuse(what, reason),
      depart: (departure) => this.#departures.depart(departure),
    };
  }

  /** Hands bytes to a session's socket; false when there is none. */
  #send(sid: string | undefined, bytes: Uint8Array): boolean {
    return this.#sender(sid)?.(bytes) ?? false;
  }

  #sender(sid: string | undefined): SendBytes | undefined {
    const send = this.#sessions.sender(sid);
    if (send === undefined) return undefined;
    return (bytes) => {
      if (!send(bytes)) return false;
      this.#reporter.transmitted(bytes.length);
      return true;
    };
  }

  #gauges(): TwinGauges {
    const { messages, bytes } = this.#mailbox.waiting();
    return {
      sessions: this.#sessions.all().length,
      mailboxMessages: messages,
      mailboxBytes: bytes,
      outboxMessages: this.#departures.waiting,
    };
  }
}

/** The receiving end, as the platform hands it out. */
class Line extends RpcTarget implements TwinLine {
  readonly #deliver: (batch: Batch) => Promise<Verdicts>;

  constructor(deliver: (batch: Batch) => Promise<Verdicts>) {
    super();
    this.#deliver = deliver;
  }

  deliver(batch: Batch): Promise<Verdicts> {
    return this.#deliver(batch);
  }
}

/** The resolver is reached in the same Worker by its exported class: no binding to deploy. */
function resolverOf(ctx: DurableObjectState): TwinReader {
  return ctx.exports.TwinResolver;
}
