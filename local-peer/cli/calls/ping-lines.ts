import type { Pong } from '../../../client/public.ts';
import { kindOf } from '../failure.ts';
import { msText, paint } from '../output.ts';
import { plain, plainJson } from '../plain.ts';
import { rounded, roundTrips, tripLine } from './statistics.ts';

/** Returns the line of a reply. The other peer chose its texts. */
export function pongLine(seq: number, { source, ms, version, error }: Pong, isJson: boolean): string {
  const said = version === undefined ? null : plain(version);
  const reply = error === undefined ? null : { code: error.code, message: plain(error.message) };
  if (isJson) {
    const milliseconds = Number(ms.toFixed(1));
    return plainJson({ type: 'pong', seq, source, milliseconds, version: said, error: reply });
  }
  const text = reply === null ? said : `error ${reply.code}: ${reply.message}`;
  return `twin ${source} (${text}): seq=${seq} time=${msText(ms)} ms`;
}

/** Returns the line of a ping without a reply. */
export function lostLine(seq: number, error: unknown, isJson: boolean): string {
  const message = plain(error instanceof Error ? error.message : String(error));
  if (isJson) return plainJson({ type: 'lost', seq, kind: kindOf(error), message });
  return `seq=${seq} ${paint('red', message)}`;
}

/** Returns the lines at the end. @param times round trips of the replies, ms */
export function summaryLines(name: string, sent: number, times: readonly number[], isJson: boolean): string[] {
  const trips = roundTrips(times);
  if (isJson) {
    const roundTrip = trips === undefined ? null : rounded(trips);
    return [plainJson({ type: 'summary', sent, answered: times.length, roundTrip })];
  }
  const loss = sent === 0 ? 0 : (100 * (sent - times.length)) / sent;
  const counts = `--- ${name}: ${sent} sent, ${times.length} answered, ${loss.toFixed(0)}% lost`;
  return trips === undefined ? [counts] : [counts, tripLine(trips)];
}
