import type { Address } from '../../../proto/envelope/address.ts';
import { type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { Session } from './session.ts';

/** Returns an envelope in a few words, which most cases compare. */
export function said({ content, payload }: Envelope): string {
  if (content === undefined) return `an envelope of ${payload?.bytes.length ?? 0} bytes without content`;
  switch (content.kind) {
    case 'request':
      return `request ${content.command}`;
    case 'error':
      return content.code === 0 ? `error: ${content.message}` : `error ${content.code}: ${content.message}`;
    default:
      return content.kind;
  }
}

/** Sends an envelope and resolves with its first answer; an answer to another uid says so. */
export async function answerTo(session: Session, envelope: Envelope): Promise<string> {
  session.send(envelope);
  const answer = await session.next();
  return answer.uid === envelope.uid ? said(answer) : `${said(answer)}, of another uid`;
}

/**
 * Sends an envelope that must not be answered, and behind it a marker that returns the same way. Order holds, so an
 * envelope that arrives before the marker is an answer.
 */
export async function silenceAfter(session: Session, silent: Envelope | Uint8Array, marker: Envelope): Promise<string> {
  session.send(silent);
  return firstBefore(session, session, marker);
}

/** Resolves with the envelope that reaches `to` before a marker of `from`; `nothing` when the marker is first. */
export async function firstBefore(from: Session, to: Session, marker: Envelope): Promise<string> {
  from.send(marker);
  const first = await to.next();
  return first.uid === marker.uid ? 'nothing' : said(first);
}

/** Sends an envelope. Resolves with whether the other session gets the same bytes, or with the answer instead. */
export async function passes(from: Session, to: Session, frame: Envelope | Uint8Array): Promise<string> {
  const sent = frame instanceof Uint8Array ? frame : encodeEnvelope(frame);
  from.send(sent);
  const arrives = to.nextBytes().then((came) => compare(sent, came));
  return from === to ? arrives : Promise.race([arrives, from.next().then(said)]);
}

/** Sends data that should end the connection. Resolves with its end, or `goes on` when the echo of `echoed` came. */
export async function endOrEcho(session: Session, echoed: Envelope): Promise<string> {
  session.send(echoed);
  return unlessEnded(
    session,
    session.next().then(() => 'goes on'),
  );
}

/** Resolves with the result; with `closed` and its code when the connection ends first. */
export async function unlessEnded(session: Session, doing: Promise<string>): Promise<string> {
  try {
    return await doing;
  } catch {
    // The connection ended, or nothing came in time.
    const { code, reason } = await session.ended();
    return `closed ${code}${reason === '' ? '' : ' with a reason'}`;
  }
}

/** Compares both byte for byte. */
export function compare(sent: Uint8Array, came: Uint8Array): string {
  return Buffer.compare(sent, came) === 0 ? 'the very bytes' : `${came.length} other bytes for ${sent.length}`;
}

/** Returns an address in the form of a report. */
export function named(address: Address | undefined, names: Readonly<Record<string, Address>>): string {
  if (address === undefined) return 'absent';
  const known = Object.entries(names).find(
    ([, each]) => each.twin === address.twin && each.connection === address.connection,
  );
  return known?.[0] ?? JSON.stringify(address);
}
