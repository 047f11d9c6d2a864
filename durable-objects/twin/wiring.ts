import type { TwinGauges } from '../contract.ts';
import { statsObject } from '../objects.ts';
import type { Settings } from '../settings.ts';
import type { Counts } from '../stats/counts.ts';
import type { StatsObject } from '../stats/stats-object.ts';
import { Alarms } from './alarms.ts';
import { Delivery, type SessionPort } from './delivery.ts';
import { Departures, type DeparturesPort } from './departures.ts';
import { EndedShares } from './ended-shares.ts';
import type { Mailbox } from './mailbox.ts';
import { RateLimiter } from './rate-limiter.ts';
import { Reporter } from './reporter.ts';
import type { Sessions } from './sessions.ts';
import type { Sql } from './sql.ts';
import type { TwinObject } from './twin-object.ts';
import { Unreported } from './unreported.ts';

// How the parts of a twin's object that know no platform hang on it.

export interface TwinEnv {
  readonly TWIN: DurableObjectNamespace<TwinObject>;
  readonly STATS: DurableObjectNamespace<StatsObject>;
}

/** What an object's one alarm is for. */
export type TwinAlarms = Alarms<'mailbox-expiry' | 'mailbox-drain' | 'federation'>;

/** Long enough for any drain to end or go on by itself, short enough for one that died with its object. */
const RESUME_DRAIN_MS = 5_000;
/** Mail that a socket was given is removed after this. A client whose link died is back by then (3 s at most). */
const SETTLE_MS = 4_000;
/** Letters are removed in bunches: an alarm costs a row. */
const EXPIRY_BUNCH_MS = 60_000;
const UNREPORTED = 'unreported';

export function openAlarms(ctx: DurableObjectState, sql: Sql): TwinAlarms {
  return new Alarms(sql, ctx.storage, ['mailbox-expiry', 'mailbox-drain', 'federation'], (alarm, error) =>
    console.error(JSON.stringify({ event: 'alarm-failed', twin: ctx.id.name, alarm, error: String(error) })),
  );
}

/** The receiving end. */
export function openDelivery(
  ctx: DurableObjectState,
  sessions: SessionPort,
  mailbox: Mailbox,
  ttl: number,
  alarms: TwinAlarms,
  reporter: Reporter,
): Delivery {
  return new Delivery(sessions, mailbox, ttl, {
    now: () => Date.now(),
    pause: () => scheduler.wait(0),
    settling: () => scheduler.wait(SETTLE_MS),
    background: (work) => ctx.waitUntil(work),
    expireAt: (at) => alarms.arm('mailbox-expiry', at + EXPIRY_BUNCH_MS),
    draining: (under) =>
      under ? alarms.arm('mailbox-drain', Date.now() + RESUME_DRAIN_MS) : alarms.cancel('mailbox-drain'),
    stored: (letters) => reporter.stored(letters),
    mailed: () => reporter.count('relay_messages_stored_total'),
    expired: (letters) => reporter.count('relay_messages_dropped_total', letters, 'expired'),
  });
}

/** Work for when the frames that have arrived are through; the event goes on until then. */
function soonOf(ctx: DurableObjectState): (work: () => void | Promise<void>, ms?: number) => void {
  return (work, ms = 0) => ctx.waitUntil(scheduler.wait(ms).then(work));
}

/** The sending end. */
export function openDepartures(
  ctx: DurableObjectState,
  sql: Sql,
  settings: Settings,
  alarms: TwinAlarms,
  reporter: Reporter,
  own: Pick<DeparturesPort, 'lookup' | 'receiver' | 'reply' | 'mail'>,
): Departures {
  return new Departures(settings, {
    ...own,
    sql,
    now: () => Date.now(),
    gather: () => scheduler.wait(0),
    background: (work) => ctx.waitUntil(work),
    wakeAt: (at) => alarms.arm('federation', at),
    refused: (reason) => reporter.count('relay_messages_dropped_total', 1, reason),
    sent: (departures) => reporter.delivered(departures),
    stored: () => reporter.count('relay_messages_stored_total'),
    accepted: (domain) => reporter.count('federation_message_success', 1, domain),
    failed: (domain) => reporter.count('federation_message_error', 1, domain),
    tried: (seconds) => reporter.tried(seconds),
  });
}

/** The twin's limit, its counts on the sockets and in SQLite. */
export function openLimiter(
  ctx: DurableObjectState,
  sql: Sql,
  sessions: Sessions<WebSocket>,
  limit: Settings['rateLimit'],
): RateLimiter<WebSocket> {
  const ended = new EndedShares(sql);
  return new RateLimiter(limit, {
    sockets: () => sessions.all(),
    now: () => Date.now(),
    read: (socket) => sessions.notesOn(socket).sent,
    write: (socket, sent) => sessions.note(socket, { sent }),
    readEnded: (minute) => ended.read(minute),
    addEnded: (share) => {
      try {
        ended.add(share);
      } catch (error) {
        // A share that is lost lets a few messages more through; a failure here would lock the next connection out.
        console.error(JSON.stringify({ event: 'share-not-written', twin: ctx.id.name, error: String(error) }));
      }
    },
    soon: soonOf(ctx),
  });
}

/** What the object counts, on its way to the stats object. */
export function openReporter(
  ctx: DurableObjectState,
  stats: DurableObjectNamespace<StatsObject>,
  sessions: Sessions<WebSocket>,
  gauges: () => TwinGauges,
): Reporter {
  const unreported = new Unreported<WebSocket>({
    sockets: () => sessions.all(),
    isOpen: (socket) => sessions.isOpen(socket),
    read: (socket) => sessions.notesOn(socket).counts,
    write: (socket, counts) => sessions.note(socket, { counts }),
    readRow: () => ctx.storage.kv.get<Counts>(UNREPORTED),
    writeRow: (counts) => {
      if (counts === undefined) ctx.storage.kv.delete(UNREPORTED);
      else ctx.storage.kv.put(UNREPORTED, counts);
    },
  });
  // The platform may wake an object for its alarm without its name: then its counts go out, and its gauges wait.
  const twin = ctx.id.name === undefined ? undefined : Number(ctx.id.name);
  return new Reporter({
    now: () => Date.now(),
    restore: () => unreported.restore(),
    keep: (counts) => unreported.keep(counts),
    handOver: (counts, standing) => statsObject(stats, twin).add(counts, twin, standing),
    toldAt: () => {
      const told = sessions.all().map((socket) => sessions.notesOn(socket).toldAt ?? 0);
      return told.length === 0 ? Date.now() : Math.max(...told);
    },
    noteTold: (toldAt) => {
      const [socket] = sessions.all();
      if (socket !== undefined) sessions.note(socket, { toldAt });
    },
    gauges,
    soon: soonOf(ctx),
  });
}
