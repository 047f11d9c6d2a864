import { DurableObject } from 'cloudflare:workers';
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
import { EndedShares } from './ended-shares.ts';
import { addressOf, type Departure, receive } from './inbound.ts';
import { Mailbox } from './mailbox.ts';
import { Outbox } from './outbox.ts';
import { RateLimiter } from './rate-limiter.ts';
import { migrate } from './schema.ts';
import { readSessionUrl } from './session-request.ts';
import { MAX_SESSIONS, Sessions } from './sessions.ts';

export interface TwinEnv {
  readonly TWIN: DurableObjectNamespace<TwinObject>;
}

/** Long enough for any drain to end or go on by itself, short enough for one that died with its object. */
const RESUME_DRAIN_MS = 5_000;
/** Until then what was given to a socket has left this machine, or its end is known. */
const SETTLE_MS = 2_000;
/** Letters are removed in bunches: an alarm costs a row. */
const EXPIRY_BUNCH_MS = 60_000;

/** One twin: its sockets, its routing, its mailbox. A switchboard; every decision is in a file of its own. */
export class TwinObject extends DurableObject<TwinEnv> implements TwinRpc {
  readonly #settings: Settings;
  readonly #sessions: Sessions<WebSocket>;
  readonly #delivery: Delivery;
  readonly #outbox: Outbox<Departure>;
  readonly #limiter: RateLimiter<WebSocket>;
  readonly #directory: Directory;
  readonly #alarms: Alarms<'mailbox-expiry' | 'mailbox-drain'>;

  constructor(ctx: DurableObjectState, env: TwinEnv) {
    super(ctx, env);
    const settings = parseSettings(env);
    if (!settings.ok) throw new Error(`settings: ${settings.error}`);
    this.#settings = settings.value;
    migrate(ctx.storage.sql);
    this.#alarms = new Alarms(ctx.storage.sql, ctx.storage, ['mailbox-expiry', 'mailbox-drain']);
    this.#sessions = new Sessions(ctx);
    const mailbox = new Mailbox(ctx.storage.sql, this.#settings.mailbox);
    this.#delivery = new Delivery(this.#sessions, mailbox, this.#settings.mailbox.ttl, {
      now: () => Date.now(),
      pause: () => scheduler.wait(0),
      settling: () => scheduler.wait(SETTLE_MS),
      background: (work) => ctx.waitUntil(work),
      expireAt: (at) => this.#alarms.arm('mailbox-expiry', at + EXPIRY_BUNCH_MS),
      draining: (under) =>
        under ? this.#alarms.arm('mailbox-drain', Date.now() + RESUME_DRAIN_MS) : this.#alarms.cancel('mailbox-drain'),
      expired: (letters) => console.log(JSON.stringify({ event: 'mailbox-expired', object: ctx.id.name, letters })),
    });
    const ended = new EndedShares(ctx.storage.sql);
    this.#limiter = new RateLimiter(this.#settings.rateLimit, {
      sockets: () => ctx.getWebSockets(),
      read: (socket) => this.#sessions.sentBy(socket),
      write: (socket, share) => this.#sessions.keepSent(socket, share),
      readEnded: (minute) => ended.read(minute),
      addEnded: (share) => ended.add(share),
      soon: (work) => ctx.waitUntil(scheduler.wait(0).then(work)),
    });
    this.#directory = new Directory(resolverOf(ctx), () => Date.now());
    this.#outbox = new Outbox({
      gather: () => scheduler.wait(0),
      send: (twin, batch) => this.#dispatch(twin, batch),
    });
  }

  /** A checked WebSocket upgrade, from the Worker only. */
  override async fetch(request: Request): Promise<Response> {
    const session = readSessionUrl(request.url);
    const { 0: client, 1: server } = new WebSocketPair();
    const acceptance = this.#sessions.accept(server, session, Date.now());
    if (acceptance === 'full') return tooManySessions(session.twin);
    // The elder connection may have been dead for a while: what it was given last is given again.
    if (acceptance === 'replaced') this.#delivery.ended(session.sid, false);
    // Its first page goes ahead of all that arrives from now on; the rest must not hold up the answer.
    if (acceptance !== 'contested') this.ctx.waitUntil(this.#delivery.drain(session.sid));
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    const session = this.#sessions.sessionOf(socket);
    if (session === undefined) return;
    await receive(frame, session, this.#settings.maxEnvelopeBytes, {
      close: ({ code, reason }) => socket.close(code, reason),
      admit: (bytes) => this.#limiter.admit(socket, bytes, Date.now()),
      reply: (bytes) => this.#sessions.send(session.sid, bytes),
      refuse: (what, reason) => this.#refuse(what, reason),
      depart: (departure) => this.#depart(departure),
    });
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
      'mailbox-expiry': async () => {
        const next = this.#delivery.purge();
        if (next !== undefined) await this.#alarms.arm('mailbox-expiry', next + EXPIRY_BUNCH_MS);
      },
      'mailbox-drain': async () => {
        for (const socket of this.ctx.getWebSockets()) {
          const session = this.#sessions.sessionOf(socket);
          if (session !== undefined) await this.#delivery.drain(session.sid);
        }
      },
    });
  }

  /** The receiving end, for the objects of other twins. */
  async deliver(batch: readonly Parcel[]): Promise<Verdict[]> {
    return this.#delivery.deliver(batch);
  }

  #ended(socket: WebSocket, isClean: boolean): void {
    this.#limiter.ended(socket, Date.now());
    const session = this.#sessions.forget(socket);
    if (session !== undefined) this.#delivery.ended(session.sid, isClean);
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
    });
  }

  #ownDomains(host: string): readonly string[] {
    return this.#settings.relayDomains.length > 0 ? this.#settings.relayDomains : [host];
  }

  #refuse(what: Pick<Departure, 'from' | 'uid' | 'isRequest'>, reason: Refusal): void {
    if (!what.isRequest) return;
    const request = { uid: what.uid, timestamp: 0n, expiration: 0n, relays: [] };
    const now = Math.floor(Date.now() / 1000);
    this.#sessions.send(
      what.from.sid,
      encodeEnvelope(errorReply(request, addressOf(what.from), refusalText(reason), now)),
    );
  }
}

function tooManySessions(twin: number): Response {
  return new Response(`too many sessions: twin ${twin} has ${MAX_SESSIONS} open; close some, or use fewer sids`, {
    status: 429,
  });
}

/** The resolver is reached in the same Worker by its exported class: no binding to deploy. */
function resolverOf(ctx: DurableObjectState): TwinReader {
  return ctx.exports.TwinResolver;
}
