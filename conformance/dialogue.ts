import type { Address } from '../proto/address.ts';
import { type Envelope, encodeEnvelope } from '../proto/envelope.ts';
import type { Session } from './session.ts';

/** What an envelope is, in a few words: what most cases compare. */
export function said({ content, payload }: Envelope): string {
  if (content === undefined) return `an envelope of ${payload?.bytes.length ?? 0} bytes that says nothing`;
  switch (content.kind) {
    case 'request':
      return `request ${content.command}`;
    case 'error':
      return content.code === 0 ? `error: ${content.message}` : `error ${content.code}: ${content.message}`;
    default:
      return content.kind;
  }
}

/** Sends, and tells what the first answer is; an answer to something else is named so. */
export async function answerTo(session: Session, envelope: Envelope): Promise<string> {
  session.send(envelope);
  const answer = await session.next();
  return answer.uid === envelope.uid ? said(answer) : `${said(answer)}, of another uid`;
}

/**
 * Sends what must not be answered, and behind it a marker that goes the same way and comes back: order holds, so
 * what arrives before the marker is the answer.
 */
export async function silenceAfter(session: Session, silent: Envelope | Uint8Array, marker: Envelope): Promise<string> {
  session.send(silent);
  return firstBefore(session, session, marker);
}

/** What reaches `to` before the marker that `from` sends now: `nothing` when the marker is first. */
export async function firstBefore(from: Session, to: Session, marker: Envelope): Promise<string> {
  from.send(marker);
  const first = await to.next();
  return first.uid === marker.uid ? 'nothing' : said(first);
}

/** Sends, and tells whether the very bytes come out at the other session, or what comes back instead. */
export async function passes(from: Session, to: Session, frame: Envelope | Uint8Array): Promise<string> {
  const sent = frame instanceof Uint8Array ? frame : encodeEnvelope(frame);
  from.send(sent);
  const arrives = to.nextBytes().then((came) => compare(sent, came));
  return from === to ? arrives : Promise.race([arrives, from.next().then(said)]);
}

/** Sends what should end the connection: how it ended, or that it goes on, because the echo of `echoed` came. */
export async function endOrEcho(session: Session, echoed: Envelope): Promise<string> {
  session.send(echoed);
  return unlessEnded(
    session,
    session.next().then(() => 'goes on'),
  );
}

/** What comes of it; `closed` with its code when the connection ends first. */
export async function unlessEnded(session: Session, doing: Promise<string>): Promise<string> {
  try {
    return await doing;
  } catch {
    // The end of the connection, or silence, which then is the fault of this, too.
    const { code, reason } = await session.ended();
    return `closed ${code}${reason === '' ? '' : ' with a reason'}`;
  }
}

/** Whether both are the same, byte for byte. */
export function compare(sent: Uint8Array, came: Uint8Array): string {
  return Buffer.compare(sent, came) === 0 ? 'the very bytes' : `${came.length} other bytes for ${sent.length}`;
}

/** An address, as a case prints it. */
export function named(address: Address | undefined, names: Readonly<Record<string, Address>>): string {
  if (address === undefined) return 'absent';
  const known = Object.entries(names).find(
    ([, each]) => each.twin === address.twin && each.connection === address.connection,
  );
  return known?.[0] ?? JSON.stringify(address);
}
