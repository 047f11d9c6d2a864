import { DurableObject } from 'cloudflare:workers';
import { acceptanceText, KEEP_ALIVE, WINDOW } from '../../proto/custody/acceptance.ts';
import type { SessionClose } from '../../proto/session-close.ts';
import type {
  Answer,
  Batch,
  ChainReader,
  FollowHint,
  GatheredAnswer,
  GathererRpc,
  TwinGauges,
  TwinReader,
  TwinRpc,
  TwinState,
} from '../contract.ts';
import { logLine } from '../log.ts';
import { hostOf } from '../object-host.ts';
import { gatherer, statsObject, twinObject } from '../objects.ts';
import { hasObject } from '../placement/has-object.ts';
import { platformErrorOf } from '../platform-errors.ts';
import { settingsOf } from '../settings.ts';
import { countsSchema } from '../stats/counts.ts';
import type { StatsObject } from '../stats/stats-object.ts';
import { handOutsSchema } from './back-pressure/hand-outs.ts';
import { Ledger } from './back-pressure/ledger.ts';
import { Outlets } from './back-pressure/outlets.ts';
import { Reporter } from './counts/reporter.ts';
import { Custody } from './custody/custody.ts';
import { newCustody, randomU32 } from './custody/custody-session.ts';
import { voiceOf } from './custody/voice.ts';
import { Federation } from './federation/federation.ts';
import { MailErrors } from './follow/mail-errors.ts';
import { MailFollow } from './follow/mail-follow.ts';
import { takeAll } from './gather/gathered.ts';
import { twinOfName } from './gather/gatherer-name.ts';
import { Gathering } from './gather/gathering.ts';
import { EndedShares } from './limits/ended-shares.ts';
import { RateLimiter } from './limits/rate-limiter.ts';
import { presenceOf } from './presence/presence.ts';
import { Questions } from './presence/questions.ts';
import { seenAt } from './presence/seen.ts';
import { custodyOf, decodeBatch, foldVerdicts, isReadable } from './receive/batch.ts';
import { Delivery } from './receive/delivery.ts';
import { Line } from './receive/line.ts';
import { Mailbox } from './receive/mailbox.ts';
import { Directory } from './send/directory.ts';
import { Dispatcher } from './send/dispatch.ts';
import { Inbound } from './send/inbound.ts';
import { Outbox } from './send/outbox.ts';
import { Receivers } from './send/receivers.ts';
import { Refusals } from './send/refusals.ts';
import { answerClose, CLOSE } from './sessions/close.ts';
import { readSessionUrl } from './sessions/session-request.ts';
import { Sessions } from './sessions/sessions.ts';
import { Alarms } from './storage/alarms.ts';
import { storedValue } from './storage/stored-value.ts';
import { TablesOnDemand } from './storage/tables.ts';

export interface TwinEnv {
  readonly TWIN: DurableObjectNamespace<TwinObject>;
  readonly STATS: DurableObjectNamespace<StatsObject>;
}

const ALARMS = ['mailbox-expiry', 'mailbox-drain', 'federation', 'mail-follow'] as const;

/** An object whose tables later code wrote looks this often whether that code is back. */
const LATER_CODE_MS = 600_000;

/** The code of a connection that ended without a close frame. */
const TORN_CODE = 1006;

/** One twin: its sockets, its routing, its mailbox. A switchboard; every decision is in a file of its own. */
export class TwinObject extends DurableObject<TwinEnv> implements TwinRpc, GathererRpc {
  readonly #host = hostOf(this.ctx);
  readonly #tables: TablesOnDemand;
  readonly #alarms: Alarms<(typeof ALARMS)[number]>;
  readonly #sessions: Sessions<WebSocket>;
  readonly #ledger: Ledger<WebSocket>;
  readonly #reporter: Reporter<WebSocket>;
  readonly #limiter: RateLimiter<WebSocket>;
  readonly #mailbox: Mailbox;
  readonly #delivery: Delivery;
  readonly #federation: Federation;
  readonly #follow: MailFollow;
  readonly #inbound: Inbound<WebSocket>;
  readonly #custody: Custody<WebSocket>;
  /** Returns the object of a twin. If it is not made yet, it is made where the twin is at home. */
  readonly #objectOf: (twin: number) => DurableObjectStub<TwinObject>;
  /** Only a gatherer has it. */
  #gathering: Gathering | undefined;

  constructor(ctx: DurableObjectState, env: TwinEnv) {
    super(ctx, env);
    const settings = settingsOf(env);
    const statsOf = (id?: number) => statsObject(env.STATS, settings.relayRegion, id);
    const [host, sql, { kv }] = [this.#host, new TablesOnDemand(ctx.storage), ctx.storage];
    this.#tables = sql;
    // An object that the platform wakes for its alarm may not know its name. Then it reports no gauges.
    const { name } = ctx.id;
    const twin = twinOfName(name);
    // A client that only receives proves with a ping that it reads. The answer wakes nothing and costs nothing.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(KEEP_ALIVE.ask, KEEP_ALIVE.answer));
    this.#alarms = new Alarms(sql, ctx.storage, ALARMS, (alarm, error) => {
      logLine('error', 'alarm-failed', { twin: name, alarm, error: String(error) });
      this.#reporter.count('relay_platform_errors_total', 1, platformErrorOf(error));
    });
    const sessions = new Sessions<WebSocket>(ctx, (socket) => this.#limiter.ended(socket, host.now()));
    const evict = (socket: WebSocket) => this.#evict(socket);
    const answeredAt = (socket: WebSocket) => ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime();
    const ledger = new Ledger<WebSocket>({ host, sockets: sessions, answeredAt, evict });
    const reporter = new Reporter<WebSocket>({
      host,
      sockets: sessions,
      row: storedValue(kv, 'unreported-1', countsSchema),
      report: (counts, gauges) => statsOf(twin).add(counts, twin, gauges),
      gauges: () => this.#gauges(),
      ledger,
    });
    const { count } = reporter;
    const limiter = new RateLimiter(settings.rateLimit, { host, sockets: sessions, ended: new EndedShares(sql, name) });
    const outlets = new Outlets({ sessions, ledger, reporter, evict });
    this.#mailbox = new Mailbox(sql, settings.mailbox);
    const custody: Custody<WebSocket> = new Custody<WebSocket>(randomU32(), {
      host,
      count,
      twin,
      sessions,
      answeredAt,
      reporter,
      lose: (socket, why) => this.#dismiss(socket, CLOSE[why], why),
      delivery: () => delivery,
      isWaiting: (id) => outbox.isWaiting(id),
      isStopped: (id) => outbox.isStopped(id),
      bring: (id, packed) => receivers.receipts(id, packed),
    });
    const delivery: Delivery = new Delivery(this.#mailbox, settings.mailbox.ttl, {
      host,
      count,
      outlets,
      alarms: this.#alarms,
      reporter,
      handOuts: storedValue(kv, 'hand-outs-1', handOutsSchema),
      custody,
    });
    const resolver = resolverOf(ctx);
    const directory = new Directory(resolver, settings.relayDomains, host.now);
    const objectOf = (id: number) => twinObject(env.TWIN, id, directory.regionOf(id) ?? settings.defaultRegion);
    const receivers = new Receivers({
      host,
      random: () => Math.random(),
      object: objectOf,
      hasObject: (id) => hasObject(id, directory.regionOf(id), statsOf(id)),
      ...(twin !== undefined && {
        gatherer: (id) => gatherer(env.TWIN, id, twin),
        riding: (id) => ({
          from: twin,
          take: () => custody.take(id),
          came: (receipts) => custody.came(receipts),
          stayed: (receipts) => custody.stayed(id, receipts),
        }),
      }),
    });
    const receiver = (id: number) => (id === twin ? delivery : receivers.of(id));
    const voice = voiceOf({ host, custody, outlets, delivery });
    const refusals = new Refusals({ host, count, outlets: voice, delivery, custody });
    const mailErrors = new MailErrors({ host, count, directory, receiver });
    this.#federation = new Federation(settings, {
      host,
      sql,
      count,
      directory,
      receiver,
      report: (envelope, reason) => {
        if (envelope.isMail) host.background(mailErrors.report(envelope, reason));
        else refusals.report(envelope, reason);
      },
      keptHere: ({ to, from }) => {
        const hint = { host: from.host, isAsked: true };
        host.background(to.twin === twin ? this.follow(hint) : this.#hint(to.twin, hint));
      },
      wakeAt: (at) => this.#alarms.arm('federation', at),
    });
    this.#follow = new MailFollow({
      host,
      count,
      mailbox: this.#mailbox,
      isConnected: (sid) => sessions.has(sid),
      allowsPrivate: settings.federation.allowsPrivate,
      ownDomains: (reached) => directory.ownDomains(reached),
      lookup: async (id, block) => {
        const news = block === undefined ? undefined : await resolver.refresh(id, block);
        if (news !== undefined) directory.forget(id);
        return news ?? (await directory.lookup(id));
      },
      federation: this.#federation,
      wakeAt: (at) => this.#alarms.arm('mail-follow', at),
    });
    const dispatcher = new Dispatcher({
      host,
      count,
      directory,
      receiver,
      refusals,
      reporter,
      custody,
      federation: this.#federation,
    });
    const outbox: Outbox = new Outbox({ host, random: () => Math.random(), dispatcher, refusals });
    const close = (socket: WebSocket, why: SessionClose) => this.#dismiss(socket, why, `protocol-${why.code}`);
    const questions = new Questions({
      host,
      limiter,
      sessions,
      close,
      presence: (twins) =>
        presenceOf(twins, {
          lookup: (id) => directory.lookup(id),
          state: (id) => (id === twin ? this.state() : objectOf(id).state()),
          seen: (ids) => seenAt(ids, statsOf),
        }),
    });
    const taking = { host, sessions, ledger, reporter, limiter, custody, questions, close };
    const sending = { delivery, outlets: voice, refusals, outbox };
    this.#inbound = new Inbound(settings.maxEnvelopeBytes, { ...taking, ...sending });
    this.#sessions = sessions;
    this.#ledger = ledger;
    this.#reporter = reporter;
    this.#limiter = limiter;
    this.#delivery = delivery;
    this.#custody = custody;
    this.#objectOf = objectOf;
    this.#dismissUnreadable();
  }

  /** A checked WebSocket upgrade, from the Worker only. */
  override async fetch(request: Request): Promise<Response> {
    if (this.#tables.areLater) return new Response(null, { status: 503 });
    const { offersCustody, ...asked } = readSessionUrl(request.url);
    const custody = offersCustody === true ? newCustody() : undefined;
    const session = { ...asked, ...(custody && { custody }) };
    this.#follow.reachedBy(session.host);
    await this.#alarms.revive();
    const { 0: client, 1: server } = new WebSocketPair();
    const acceptance = this.#sessions.accept(server, session, this.#host.now());
    if (acceptance === 'full') return new Response(null, { status: 429 });
    if (acceptance !== 'contested') {
      // Before anything else: it says how everything else is written.
      if (custody !== undefined) server.send(acceptanceText({ epoch: this.#custody.epoch, window: WINDOW }));
      // The last connection may have been dead for a while: envelopes that it did not acknowledge are sent again.
      this.#delivery.ended(session.sid, false);
      if (custody !== undefined) this.#custody.opened(server);
      // The first page goes ahead of all that arrives from now on. The rest must not delay the response.
      this.#host.background(this.#delivery.drain(session.sid));
    }
    if (acceptance !== 'new') this.#countEvictions(acceptance);
    // A session that only changed hands changes no gauge.
    if (acceptance === 'new' && this.#sessions.all().length === 1) this.#host.background(this.#reporter.announce());
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): void | Promise<void> {
    return this.#inbound.receive(socket, frame);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string, isClean: boolean): void {
    this.#ended(socket, code, isClean);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#ended(socket, TORN_CODE, false);
  }

  override async alarm(): Promise<void> {
    // The platform forgets an alarm that keeps failing. Later code finds this one when it is back.
    if (this.#tables.areLater) return await this.ctx.storage.setAlarm(this.#host.now() + LATER_CODE_MS);
    // Flush now only if this object has no session left to flush for it, or if its gauges have changed.
    let mustFlush = this.#sessions.all().length === 0;
    await this.#alarms.run(this.#host.now(), {
      'mailbox-expiry': () => {
        mustFlush = true;
        return this.#delivery.purge();
      },
      'mailbox-drain': async () => {
        mustFlush = true;
        const sessions = this.#sessions.all().flatMap((socket) => this.#sessions.sessionOf(socket) ?? []);
        await Promise.all(sessions.map(({ sid }) => this.#delivery.drain(sid)));
      },
      federation: () => {
        mustFlush ||= this.#federation.waiting > 0;
        return this.#federation.tick();
      },
      'mail-follow': async () => {
        mustFlush = true;
        await this.#follow.follow({});
      },
    });
    if (mustFlush) await this.#reporter.flush();
  }

  /** The receiving end, for the objects of other twins. */
  async deliver(batch: Batch): Promise<Answer> {
    const { answer } = await this.#take(batch);
    this.#custody.passOn(false);
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
    this.#reporter.count('relay_gathered_calls_total');
    this.#reporter.count('relay_gathered_messages_total', messages);
    this.#custody.passOn(false);
    return answers;
  }

  /** Brings a batch to a hot twin, if this object is one of its gatherers. */
  async gather(twin: number, batch: Batch): Promise<Answer> {
    this.#gathering ??= new Gathering({
      host: this.#host,
      random: () => Math.random(),
      bring: (batches) => this.#objectOf(twin).gathered(batches),
    });
    return await this.#gathering.gather(batch);
  }

  async #take(batch: Batch): Promise<{ readonly answer: Answer; readonly messages: number }> {
    if (this.#tables.areLater || !isReadable(batch)) return { answer: 'version', messages: 0 };
    const custody = custodyOf(batch);
    if (custody !== undefined && custody.receipts.length > 0) this.#custody.came(custody.receipts);
    const hadTables = this.#tables.exist;
    const verdicts = await this.#delivery.deliver(decodeBatch(batch, custody));
    // The first mail of a twin that may never have connected: from now on others must find it here.
    if (!hadTables && this.#tables.exist) this.#host.background(this.#reporter.announce());
    // Its sender may know that the twin moved, and the mailbox may not know yet.
    if (verdicts.includes('offline')) this.#lookAfterMail();
    const folded = foldVerdicts(verdicts);
    const riding = custody === undefined || custody.from === 0 ? undefined : this.#custody.takeForAnswer(custody.from);
    const answer = riding === undefined ? folded : { verdicts: folded, receipts: riding };
    return { answer, messages: verdicts.length };
  }

  /** Receipts for connections of this twin, from the object of another. */
  async receipts(packed: Uint8Array): Promise<void> {
    // The sessions that they are for are closed.
    if (this.#tables.areLater) return;
    this.#custody.came(packed);
    this.#custody.passOn(false);
  }

  /** This twin at this relay, for the objects of others. */
  async state(): Promise<TwinState> {
    const sockets = this.#sessions.all();
    const heard = sockets.map((socket) => this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
    const heardAt = Math.max(0, ...heard);
    const waiting = this.#mailbox.waiting().messages;
    return { isConnected: sockets.length > 0, waiting, ...(heardAt > 0 && { heardAt }) };
  }

  async follow(hint: FollowHint): Promise<void> {
    if (!this.#tables.areLater) this.#host.background(this.#followNow(hint));
  }

  #lookAfterMail(): void {
    if (this.#mailbox.waiting().messages > 0) this.#host.background(this.#followNow({}));
  }

  async #followNow(hint: FollowHint): Promise<void> {
    const before = this.#mailbox.waiting().messages;
    await this.#follow.follow(hint);
    // Without a session no later event would report the gauges.
    if (this.#mailbox.waiting().messages !== before) this.#flushIfAlone();
  }

  /** Has a twin's object look after its mail. */
  async #hint(twin: number, hint: FollowHint): Promise<void> {
    try {
      await this.#objectOf(twin).follow(hint);
    } catch {
      // The object is away for a moment, or has older code. Its mail stays where it is, as before.
    }
  }

  line(): Line {
    return new Line((batch) => this.deliver(batch));
  }

  #ended(socket: WebSocket, code: number, isClean: boolean): void {
    try {
      this.#ledger.ended(socket);
    } catch (error) {
      // A note that cannot be written must not keep the mail from the next connection.
      logLine('error', 'end-not-noted', { twin: this.ctx.id.name, error: String(error) });
    }
    // A custody session has what it acknowledged, however it ends.
    const isCustody = this.#sessions.sessionOf(socket)?.custody !== undefined;
    const end = this.#sessions.ended(socket, code);
    // Another connection has the session. Its change of hands was counted when that connection came.
    if (end === undefined) return;
    this.#delivery.ended(end.sid, isClean && !isCustody);
    // What its socket may not have got is in the mailbox again, and the twin may be at another relay by now.
    this.#lookAfterMail();
    if (end.wasDismissed) return;
    this.#countEvictions(isClean ? 'closed' : 'broken');
    this.#flushIfAlone();
  }

  /** Closes a socket because of its client. */
  #dismiss(socket: WebSocket, why: SessionClose, reason: string): void {
    const session = this.#sessions.sessionOf(socket);
    this.#countEvictions(reason);
    this.#sessions.dismiss(socket, why);
    if (session?.custody !== undefined) this.#delivery.ended(session.sid, false);
    this.#flushIfAlone();
  }

  /** Closes the socket of a client that does not read. Its envelopes stay in the mailbox. */
  #evict(socket: WebSocket): void {
    const session = this.#sessions.sessionOf(socket);
    if (session === undefined) return;
    this.#dismiss(socket, CLOSE.backPressure, 'back-pressure');
    this.#delivery.ended(session.sid, false);
  }

  /** Closes sockets that this code cannot serve. They would stay open, unheard, with their pings answered. */
  #dismissUnreadable(): void {
    const dismissed = this.#sessions.dismissUnreadable(this.#tables.areLater);
    if (dismissed === 0) return;
    this.#countEvictions('unreadable', dismissed);
    this.#flushIfAlone();
  }

  #countEvictions(reason: string, sessions = 1): void {
    this.#reporter.count('relay_session_evictions_total', sessions, reason);
  }

  /** Without a session no later event would report the counts and gauges. */
  #flushIfAlone(): void {
    if (this.#sessions.all().length === 0) this.#host.background(this.#reporter.flush());
  }

  #gauges(): TwinGauges {
    const { messages, bytes } = this.#mailbox.waiting();
    return {
      sessions: this.#sessions.all().length,
      mailboxMessages: messages,
      mailboxBytes: bytes,
      outboxMessages: this.#federation.waiting,
    };
  }
}

/** Returns the resolver, by its exported class in the same Worker: no binding to deploy. */
function resolverOf(ctx: DurableObjectState): TwinReader & Pick<ChainReader, 'refresh'> {
  return ctx.exports.TwinResolver;
}
