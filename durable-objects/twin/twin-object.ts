import { DurableObject } from 'cloudflare:workers';
import { acceptanceText, WINDOW } from '../../proto/custody/acceptance.ts';
import type { SessionClose } from '../../proto/session-close.ts';
import type {
  Answer,
  Batch,
  ChainReader,
  FollowHint,
  GatheredAnswer,
  GathererRpc,
  TwinReader,
  TwinRpc,
  TwinState,
} from '../contract.ts';
import { logLine } from '../log.ts';
import { gatherer, statsObject, twinObject } from '../objects.ts';
import { settingsOf } from '../settings.ts';
import type { StatsObject } from '../stats/stats-object.ts';
import { newCustody } from './custody/custody-session.ts';
import { takeAll } from './gather/gathered.ts';
import { Gathering } from './gather/gathering.ts';
import { custodyOf, decodeBatch, foldVerdicts, isReadable } from './receive/batch.ts';
import { Line } from './receive/line.ts';
import { answerClose, CLOSE } from './sessions/close.ts';
import { readSessionUrl } from './sessions/session-request.ts';
import { type Itself, joinParts, type Others, type TwinParts } from './twin-parts.ts';

export interface TwinEnv {
  readonly TWIN: DurableObjectNamespace<TwinObject>;
  readonly STATS: DurableObjectNamespace<StatsObject>;
}

/** An object whose tables later code wrote looks this often whether that code is back. */
const LATER_CODE_MS = 600_000;

/** The code of a connection that ended without a close frame. */
const TORN_CODE = 1006;

/** One twin: its sockets, its routing, its mailbox. A switchboard; every decision is in a file of its own. */
export class TwinObject extends DurableObject<TwinEnv> implements TwinRpc, GathererRpc {
  readonly #parts: TwinParts;
  /** Only a gatherer has it. */
  #gathering: Gathering | undefined;

  constructor(ctx: DurableObjectState, env: TwinEnv) {
    super(ctx, env);
    const settings = settingsOf(env);
    const others: Others = {
      twin: (id, region) => twinObject(env.TWIN, id, region),
      gatherer: (id, sender) => gatherer(env.TWIN, id, sender),
      stats: (id) => statsObject(env.STATS, settings.relayRegion, id),
      resolver: resolverOf(ctx),
    };
    const itself: Itself = {
      state: () => this.state(),
      follow: (hint) => this.follow(hint),
      dismiss: (socket, why, reason) => this.#dismiss(socket, why, reason),
      evict: (socket) => this.#evict(socket),
    };
    this.#parts = joinParts(ctx, settings, others, itself);
    this.#dismissUnreadable();
  }

  /** A checked WebSocket upgrade, from the Worker only. */
  override async fetch(request: Request): Promise<Response> {
    const { tables, follow, alarms, sessions, host, custody, delivery, reporter } = this.#parts;
    if (tables.areLater) return new Response(null, { status: 503 });
    const { offersCustody, ...asked } = readSessionUrl(request.url);
    const session = { ...asked, ...(offersCustody === true && { custody: newCustody() }) };
    follow.reachedBy(session.host);
    await alarms.revive();
    const { 0: client, 1: server } = new WebSocketPair();
    const acceptance = sessions.accept(server, session, host.now());
    if (acceptance === 'full') return new Response(null, { status: 429 });
    if (acceptance !== 'contested') {
      // Before anything else: it says how everything else is written.
      if (offersCustody) server.send(acceptanceText({ epoch: custody.epoch, window: WINDOW }));
      // The last connection may have been dead for a while: envelopes that it did not acknowledge are sent again.
      delivery.ended(session.sid, false);
      if (offersCustody) custody.opened(server);
      // The first page goes ahead of all that arrives from now on. The rest must not delay the response.
      host.background(delivery.drain(session.sid));
    }
    if (acceptance !== 'new') this.#countEvictions(acceptance);
    // A session that only changed hands changes no gauge.
    if (acceptance === 'new' && sessions.all().length === 1) host.background(reporter.announce());
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): void | Promise<void> {
    return this.#parts.inbound.receive(socket, frame);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string, isClean: boolean): void {
    this.#ended(socket, code, isClean);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#ended(socket, TORN_CODE, false);
  }

  override async alarm(): Promise<void> {
    const { tables, host, sessions, alarms, delivery, federation, follow, reporter } = this.#parts;
    // The platform forgets an alarm that keeps failing. Later code finds this one when it is back.
    if (tables.areLater) return await this.ctx.storage.setAlarm(host.now() + LATER_CODE_MS);
    // Flush now only if this object has no session left to flush for it, or if its gauges have changed.
    let mustFlush = sessions.all().length === 0;
    await alarms.run(host.now(), {
      'mailbox-expiry': () => {
        mustFlush = true;
        return delivery.purge();
      },
      'mailbox-drain': async () => {
        mustFlush = true;
        const connected = sessions.all().flatMap((socket) => sessions.sessionOf(socket) ?? []);
        await Promise.all(connected.map(({ sid }) => delivery.drain(sid)));
      },
      federation: () => {
        mustFlush ||= federation.waiting > 0;
        return federation.tick();
      },
      'mail-follow': async () => {
        mustFlush = true;
        await follow.follow({});
      },
    });
    if (mustFlush) await reporter.flush();
  }

  /** The receiving end, for the objects of other twins. */
  async deliver(batch: Batch): Promise<Answer> {
    const { answer } = await this.#take(batch);
    this.#parts.custody.passOn(false);
    return answer;
  }

  /** The receiving end of a hot twin, for its gatherers. */
  async gathered(batches: readonly Batch[]): Promise<readonly GatheredAnswer[]> {
    let messages = 0;
    const answers = await takeAll(batches, async (batch) => {
      const taken = await this.#take(batch);
      messages += taken.messages;
      return taken.answer;
    });
    this.#parts.reporter.count('relay_gathered_calls_total');
    this.#parts.reporter.count('relay_gathered_messages_total', messages);
    this.#parts.custody.passOn(false);
    return answers;
  }

  /** Brings a batch to a hot twin, if this object is one of its gatherers. */
  async gather(twin: number, batch: Batch): Promise<Answer> {
    this.#gathering ??= new Gathering({
      host: this.#parts.host,
      random: () => Math.random(),
      bring: (batches) => this.#parts.objectOf(twin).gathered(batches),
    });
    return await this.#gathering.gather(batch);
  }

  async #take(batch: Batch): Promise<{ readonly answer: Answer; readonly messages: number }> {
    if (this.#parts.tables.areLater || !isReadable(batch)) return { answer: 'version', messages: 0 };
    const custody = custodyOf(batch);
    if (custody !== undefined && custody.receipts.length > 0) this.#parts.custody.came(custody.receipts);
    const hadTables = this.#parts.tables.exist;
    const verdicts = await this.#parts.delivery.deliver(decodeBatch(batch, custody));
    // The first mail of a twin that may never have connected: from now on others must find it here.
    if (!hadTables && this.#parts.tables.exist) this.#parts.host.background(this.#parts.reporter.announce());
    // Its sender may know that the twin moved, and the mailbox may not know yet.
    if (verdicts.includes('offline')) this.#lookAfterMail();
    const folded = foldVerdicts(verdicts);
    const riding =
      custody === undefined || custody.from === 0 ? undefined : this.#parts.custody.takeForAnswer(custody.from);
    const answer = riding === undefined ? folded : { verdicts: folded, receipts: riding };
    return { answer, messages: verdicts.length };
  }

  /** Receipts for connections of this twin, from the object of another. */
  async receipts(packed: Uint8Array): Promise<void> {
    // The sessions that they are for are closed.
    if (this.#parts.tables.areLater) return;
    this.#parts.custody.came(packed);
    this.#parts.custody.passOn(false);
  }

  /** This twin at this relay, for the objects of others. */
  async state(): Promise<TwinState> {
    const sockets = this.#parts.sessions.all();
    const heard = sockets.map((socket) => this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
    const heardAt = Math.max(0, ...heard);
    const waiting = this.#parts.mailbox.waiting().messages;
    return { isConnected: sockets.length > 0, waiting, ...(heardAt > 0 && { heardAt }) };
  }

  async follow(hint: FollowHint): Promise<void> {
    if (!this.#parts.tables.areLater) this.#parts.host.background(this.#followNow(hint));
  }

  #lookAfterMail(): void {
    if (this.#parts.mailbox.waiting().messages > 0) this.#parts.host.background(this.#followNow({}));
  }

  async #followNow(hint: FollowHint): Promise<void> {
    const before = this.#parts.mailbox.waiting().messages;
    await this.#parts.follow.follow(hint);
    // Without a session no later event would report the gauges.
    if (this.#parts.mailbox.waiting().messages !== before) this.#flushIfAlone();
  }

  line(): Line {
    return new Line((batch) => this.deliver(batch));
  }

  #ended(socket: WebSocket, code: number, isClean: boolean): void {
    try {
      this.#parts.ledger.ended(socket);
    } catch (error) {
      // A note that cannot be written must not keep the mail from the next connection.
      logLine('error', 'end-not-noted', { twin: this.ctx.id.name, error: String(error) });
    }
    // A custody session has what it acknowledged, however it ends.
    const isCustody = this.#parts.sessions.sessionOf(socket)?.custody !== undefined;
    const end = this.#parts.sessions.ended(socket, code);
    // Another connection has the session. Its change of hands was counted when that connection came.
    if (end === undefined) return;
    this.#parts.delivery.ended(end.sid, isClean && !isCustody);
    // What its socket may not have got is in the mailbox again, and the twin may be at another relay by now.
    this.#lookAfterMail();
    if (end.wasDismissed) return;
    this.#countEvictions(isClean ? 'closed' : 'broken');
    this.#flushIfAlone();
  }

  /** Closes a socket because of its client. */
  #dismiss(socket: WebSocket, why: SessionClose, reason: string): void {
    const session = this.#parts.sessions.sessionOf(socket);
    this.#countEvictions(reason);
    this.#parts.sessions.dismiss(socket, why);
    if (session?.custody !== undefined) this.#parts.delivery.ended(session.sid, false);
    this.#flushIfAlone();
  }

  /** Closes the socket of a client that does not read. Its envelopes stay in the mailbox. */
  #evict(socket: WebSocket): void {
    const session = this.#parts.sessions.sessionOf(socket);
    if (session === undefined) return;
    this.#dismiss(socket, CLOSE.backPressure, 'back-pressure');
    this.#parts.delivery.ended(session.sid, false);
  }

  /** Closes sockets that this code cannot serve. They would stay open, unheard, with their pings answered. */
  #dismissUnreadable(): void {
    const dismissed = this.#parts.sessions.dismissUnreadable(this.#parts.tables.areLater);
    if (dismissed === 0) return;
    this.#countEvictions('unreadable', dismissed);
    this.#flushIfAlone();
  }

  #countEvictions(reason: string, sessions = 1): void {
    this.#parts.reporter.count('relay_session_evictions_total', sessions, reason);
  }

  /** Without a session no later event would report the counts and gauges. */
  #flushIfAlone(): void {
    if (this.#parts.sessions.all().length === 0) this.#parts.host.background(this.#parts.reporter.flush());
  }
}

/** Returns the resolver, by its exported class in the same Worker: no binding to deploy. */
function resolverOf(ctx: DurableObjectState): TwinReader & Pick<ChainReader, 'refresh'> {
  return ctx.exports.TwinResolver;
}
