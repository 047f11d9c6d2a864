import { KEEP_ALIVE } from '../../proto/custody/acceptance.ts';
import type { SessionClose } from '../../proto/session-close.ts';
import type { ChainReader, FollowHint, GathererRpc, StatsRpc, TwinGauges, TwinReader, TwinRpc } from '../contract.ts';
import type { Host } from '../host.ts';
import { logLine } from '../log.ts';
import { hostOf } from '../object-host.ts';
import { hasObject } from '../placement/has-object.ts';
import type { Region } from '../placement/region.ts';
import { platformErrorOf } from '../platform-errors.ts';
import type { Settings } from '../settings.ts';
import { countsSchema } from '../stats/counts.ts';
import { handOutsSchema } from './back-pressure/hand-outs.ts';
import { Ledger } from './back-pressure/ledger.ts';
import { Outlets } from './back-pressure/outlets.ts';
import { Reporter } from './counts/reporter.ts';
import { Custody } from './custody/custody.ts';
import { randomU32 } from './custody/custody-session.ts';
import { voiceOf } from './custody/voice.ts';
import { Federation } from './federation/federation.ts';
import { MailErrors } from './follow/mail-errors.ts';
import { MailFollow } from './follow/mail-follow.ts';
import { twinOfName } from './gather/gatherer-name.ts';
import { EndedShares } from './limits/ended-shares.ts';
import { RateLimiter } from './limits/rate-limiter.ts';
import { presenceOf } from './presence/presence.ts';
import { Questions } from './presence/questions.ts';
import { seenAt } from './presence/seen.ts';
import { Delivery } from './receive/delivery.ts';
import { Mailbox } from './receive/mailbox.ts';
import { Directory } from './send/directory.ts';
import { Dispatcher } from './send/dispatch.ts';
import { Inbound } from './send/inbound.ts';
import { Outbox } from './send/outbox.ts';
import { Receivers, type ReceiversPort } from './send/receivers.ts';
import { Refusals } from './send/refusals.ts';
import { CLOSE } from './sessions/close.ts';
import { Sessions } from './sessions/sessions.ts';
import { Alarms } from './storage/alarms.ts';
import { storedValue } from './storage/stored-value.ts';
import { TablesOnDemand } from './storage/tables.ts';

const ALARMS = ['mailbox-expiry', 'mailbox-drain', 'federation', 'mail-follow'] as const;

type OtherTwin = ReturnType<ReceiversPort['object']> & Pick<TwinRpc, 'state' | 'follow' | 'gathered'>;

/** The port to the other objects and Workers of the relay. A call of one of their methods is an RPC. */
export interface Others {
  /** @param region where the object is made if this is its first call */
  twin(id: number, region: Region | undefined): OtherTwin;
  gatherer(id: number, sender: number): GathererRpc;
  /** Returns the stats object of a twin. */
  stats(id?: number): StatsRpc;
  readonly resolver: TwinReader & Pick<ChainReader, 'refresh'>;
}

/** What its parts need of the object itself. */
export interface Itself extends Pick<TwinRpc, 'state' | 'follow'> {
  /** Closes a socket because of its client. */
  dismiss(socket: WebSocket, why: SessionClose, reason: string): void;
  /** Closes the socket of a client that does not read. */
  evict(socket: WebSocket): void;
}

/** The parts of a twin's object that its handlers use. */
export interface TwinParts {
  readonly host: Host;
  readonly tables: TablesOnDemand;
  readonly alarms: Alarms<(typeof ALARMS)[number]>;
  readonly sessions: Sessions<WebSocket>;
  readonly ledger: Ledger<WebSocket>;
  readonly reporter: Reporter<WebSocket>;
  readonly mailbox: Mailbox;
  readonly delivery: Delivery;
  readonly federation: Federation;
  readonly follow: MailFollow;
  readonly inbound: Inbound<WebSocket>;
  readonly custody: Custody<WebSocket>;
  /** Returns the object of a twin. If it is not made yet, it is made where the twin is at home. */
  readonly objectOf: (twin: number) => OtherTwin;
}

/** Joins the parts of a twin's object. Nothing is decided here: each decision is in a file of its own. */
export function joinParts(ctx: DurableObjectState, settings: Settings, others: Others, itself: Itself): TwinParts {
  const { kv } = ctx.storage;
  const [host, tables] = [hostOf(ctx), new TablesOnDemand(ctx.storage)];
  // An object that the platform wakes for its alarm may not know its name. Then it reports no gauges.
  const { name } = ctx.id;
  const twin = twinOfName(name);
  // A client that only receives proves with a ping that it reads. The answer wakes nothing and costs nothing.
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(KEEP_ALIVE.ask, KEEP_ALIVE.answer));
  const alarms = new Alarms(tables, ctx.storage, ALARMS, (alarm, error) => {
    logLine('error', 'alarm-failed', { twin: name, alarm, error: String(error) });
    reporter.count('relay_platform_errors_total', 1, platformErrorOf(error));
  });
  const sessions = new Sessions<WebSocket>(ctx, (socket) => limiter.ended(socket, host.now()));
  const evict = (socket: WebSocket) => itself.evict(socket);
  const answeredAt = (socket: WebSocket) => ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime();
  const ledger = new Ledger<WebSocket>({ host, sockets: sessions, answeredAt, evict });
  const reporter = new Reporter<WebSocket>({
    host,
    sockets: sessions,
    row: storedValue(kv, 'unreported-1', countsSchema),
    report: (counts, gauges) => others.stats(twin).add(counts, twin, gauges),
    gauges: (): TwinGauges => {
      const { messages, bytes } = mailbox.waiting();
      return {
        sessions: sessions.all().length,
        mailboxMessages: messages,
        mailboxBytes: bytes,
        outboxMessages: federation.waiting,
      };
    },
    ledger,
  });
  const { count } = reporter;
  const limiter = new RateLimiter(settings.rateLimit, {
    host,
    sockets: sessions,
    ended: new EndedShares(tables, name),
  });
  const outlets = new Outlets({ sessions, ledger, reporter, evict });
  const mailbox = new Mailbox(tables, settings.mailbox);
  const custody: Custody<WebSocket> = new Custody<WebSocket>(randomU32(), {
    host,
    count,
    twin,
    sessions,
    answeredAt,
    reporter,
    lose: (socket, why) => itself.dismiss(socket, CLOSE[why], why),
    delivery: () => delivery,
    isWaiting: (id) => outbox.isWaiting(id),
    isStopped: (id) => outbox.isStopped(id),
    bring: (id, packed) => receivers.receipts(id, packed),
  });
  const delivery: Delivery = new Delivery(mailbox, settings.mailbox.ttl, {
    host,
    count,
    outlets,
    alarms,
    reporter,
    handOuts: storedValue(kv, 'hand-outs-1', handOutsSchema),
    custody,
  });
  const { resolver } = others;
  const directory = new Directory(resolver, settings.relayDomains, host.now);
  const objectOf = (id: number) => others.twin(id, directory.regionOf(id) ?? settings.defaultRegion);
  /** Has a twin's object look after its mail. */
  const hintTo = async (id: number, hint: FollowHint) => {
    try {
      await objectOf(id).follow(hint);
    } catch {
      // The object is away for a moment, or has older code. Its mail stays where it is, as before.
    }
  };
  const receivers = new Receivers({
    host,
    random: () => Math.random(),
    object: objectOf,
    hasObject: (id) => hasObject(id, directory.regionOf(id), others.stats(id)),
    ...(twin !== undefined && {
      gatherer: (id) => others.gatherer(id, twin),
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
  const federation = new Federation(settings, {
    host,
    sql: tables,
    count,
    directory,
    receiver,
    report: (envelope, reason) => {
      if (envelope.isMail) host.background(mailErrors.report(envelope, reason));
      else refusals.report(envelope, reason);
    },
    keptHere: ({ to, from }) => {
      const hint = { host: from.host, isAsked: true };
      host.background(to.twin === twin ? itself.follow(hint) : hintTo(to.twin, hint));
    },
    wakeAt: (at) => alarms.arm('federation', at),
  });
  const follow = new MailFollow({
    host,
    count,
    mailbox,
    isConnected: (sid) => sessions.has(sid),
    allowsPrivate: settings.federation.allowsPrivate,
    ownDomains: (reached) => directory.ownDomains(reached),
    lookup: async (id, block) => {
      const news = block === undefined ? undefined : await resolver.refresh(id, block);
      if (news !== undefined) directory.forget(id);
      return news ?? (await directory.lookup(id));
    },
    federation,
    wakeAt: (at) => alarms.arm('mail-follow', at),
  });
  const dispatcher = new Dispatcher({
    host,
    count,
    directory,
    receiver,
    refusals,
    reporter,
    custody,
    federation,
  });
  const outbox: Outbox = new Outbox({ host, random: () => Math.random(), dispatcher, refusals });
  const close = (socket: WebSocket, why: SessionClose) => itself.dismiss(socket, why, `protocol-${why.code}`);
  const questions = new Questions({
    host,
    limiter,
    sessions,
    close,
    presence: (twins) =>
      presenceOf(twins, {
        lookup: (id) => directory.lookup(id),
        state: (id) => (id === twin ? itself.state() : objectOf(id).state()),
        seen: (ids) => seenAt(ids, others.stats),
      }),
  });
  const taking = { host, sessions, ledger, reporter, limiter, custody, questions, close };
  const sending = { delivery, outlets: voice, refusals, outbox };
  const inbound = new Inbound<WebSocket>(settings.maxEnvelopeBytes, { ...taking, ...sending });
  const parts = { host, tables, alarms, sessions, ledger, reporter, mailbox, delivery, federation, follow, inbound };
  return { ...parts, custody, objectOf };
}
