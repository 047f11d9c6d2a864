import { type CustodyFrame, decodeFrame, isCustodyFrame } from '../../../proto/custody/frame.ts';
import type { Outcome } from '../../../proto/custody/outcome.ts';
import { isPresenceQuestion } from '../../../proto/custody/presence.ts';
import { decodeEnvelope, encodeEnvelope, hasTag, pongOf } from '../../../proto/envelope/envelope.ts';
import { decodeHead } from '../../../proto/envelope/envelope-head.ts';
import type { Reason } from '../../../proto/reasons.ts';
import type { SessionClose } from '../../../proto/session-close.ts';
import type { Origin } from '../../contract.ts';
import type { Host } from '../../host.ts';
import { owned } from '../custody/packed.ts';
import type { Session } from '../sessions/attachment.ts';
import { CLOSE, malformedFrame, oversize, undecodable } from '../sessions/close.ts';
import type { Refused } from './refusals.ts';
import { routeOf } from './route.ts';
import { addressOf, type RoutedEnvelope } from './routed-envelope.ts';

/** The port of the inbound side to its object. */
export interface InboundPort<S> {
  readonly host: Pick<Host, 'now'>;
  readonly sessions: {
    sessionOf(socket: S): Session | undefined;
    /** Returns whether frames of this socket count: a client may send on until it notices that its socket is closed. */
    hears(socket: S): boolean;
  };
  readonly outlets: { send(sid: string | undefined, bytes: Uint8Array): void };
  /** Closes a socket that sent an invalid frame. */
  close(socket: S, why: SessionClose): void;
  /** Both note a sign of life from a client, which may then be given more. */
  readonly ledger: { heard(socket: S): void };
  readonly delivery: { heard(sid: string | undefined): void };
  /** Counts a frame of so many bytes. */
  readonly reporter: { received(bytes: number): void };
  /** Counts a frame and returns whether the twin's rate limit admits it. */
  readonly limiter: { admit(socket: S, bytes: number, now: number): boolean };
  readonly refusals: { refuse(envelope: Refused, reason: Reason): void };
  readonly outbox: { append(envelope: RoutedEnvelope): Promise<void> | Reason | undefined };
  /** Answers questions about twins. */
  readonly questions: { answer(socket: S, session: Session, bytes: Uint8Array): Promise<void> };
  readonly custody: {
    /** Takes the receipts of a frame. */
    receive(socket: S, frame: CustodyFrame): void;
    /** Passes receipts on that wait for no call. @param called twins that get a call now anyway */
    passOn(isUrgent: boolean, called: ReadonlySet<number>): void;
    /** Tells a session the outcome of an envelope. */
    tell(origin: Origin, outcome: Outcome): void;
  };
}

/** What became of an envelope that is on its way, or that closed its socket. */
interface Taken {
  readonly to: number;
  readonly pumped: Promise<void> | undefined;
  readonly closed?: boolean;
}

const CLOSED: Taken = { to: 0, pumped: undefined, closed: true };

/** Takes the frames of a twin's sockets (PROTOCOL §6, in its order). */
export class Inbound<S> {
  readonly #maxBytes: number;
  readonly #port: InboundPort<S>;

  /** @param maxBytes of an envelope */
  constructor(maxBytes: number, port: InboundPort<S>) {
    this.#maxBytes = maxBytes;
    this.#port = port;
  }

  /** Handles one frame. The event must await the returned promise, so that the object stays awake. */
  receive(socket: S, frame: string | ArrayBuffer): Promise<void> | undefined {
    const port = this.#port;
    const session = port.sessions.sessionOf(socket);
    if (session === undefined || !port.sessions.hears(socket)) return undefined;
    port.ledger.heard(socket);
    port.delivery.heard(session.sid);
    if (typeof frame === 'string') {
      port.close(socket, CLOSE.text);
      return undefined;
    }
    const bytes = new Uint8Array(frame);
    if (session.custody !== undefined && isPresenceQuestion(bytes))
      return port.questions.answer(socket, session, bytes);
    if (session.custody !== undefined && isCustodyFrame(bytes)) return this.#receiveFrame(socket, session, bytes);
    return this.#receiveEnvelope(socket, session, bytes, undefined)?.pumped;
  }

  /** Takes a custody frame: first its receipts, then its envelopes in order. */
  #receiveFrame(socket: S, session: Session, bytes: Uint8Array): Promise<void> | undefined {
    const { close, custody } = this.#port;
    const decoded = decodeFrame(bytes);
    if (!decoded.ok) {
      close(socket, malformedFrame(decoded.error));
      return undefined;
    }
    const { first, envelopes, isUrgent } = decoded.value;
    custody.receive(socket, decoded.value);
    const connection = session.custody?.connection ?? 0;
    const pumps: Promise<void>[] = [];
    const called = new Set<number>();
    for (const [n, envelope] of envelopes.entries()) {
      const taken = this.#receiveEnvelope(socket, session, owned(envelope), {
        twin: session.twin,
        connection,
        sequence: first + n,
      });
      if (taken === undefined) continue;
      if (taken.closed === true) break;
      called.add(taken.to);
      if (taken.pumped !== undefined) pumps.push(taken.pumped);
    }
    custody.passOn(isUrgent, called);
    return pumps.length === 0 ? undefined : Promise.all(pumps).then(() => undefined);
  }

  /**
   * Judges one envelope and sends it on.
   * @param origin absent: nobody waits for a receipt
   * @returns the twin that it goes to, and the end of the pump that it started; `closed` if it closed the socket
   */
  #receiveEnvelope(socket: S, session: Session, bytes: Uint8Array, origin: Origin | undefined): Taken | undefined {
    const port = this.#port;
    if (bytes.length > this.#maxBytes) {
      port.close(socket, oversize(this.#maxBytes));
      return CLOSED;
    }
    const decoded = decodeHead(bytes);
    if (!decoded.ok) {
      port.close(socket, undecodable(decoded.error.detail));
      return CLOSED;
    }
    const head = decoded.value;
    const isRequest = head.kind === 'request';
    const now = port.host.now();
    const refused = { from: session, bytes, isRequest, ...(origin && { origin }) };
    port.reporter.received(bytes.length);
    if (!port.limiter.admit(socket, bytes.length, now)) {
      port.refusals.refuse(refused, 'rate-limited');
      return undefined;
    }
    const route = routeOf(head, addressOf(session));
    switch (route.kind) {
      case 'pong':
        // In a custody session the acceptance was the answer.
        if (session.custody === undefined) this.#pong(session, bytes);
        if (origin !== undefined) port.custody.tell(origin, 'handed');
        return undefined;
      case 'refuse':
        port.refusals.refuse(refused, route.reason);
        return undefined;
      case 'deliver':
        return this.#send({
          from: session,
          to: route.to,
          bytes,
          isRequest,
          failFast: hasTag(head.tags, 'fail-fast'),
          expiresAt: head.endsAt,
          arrivedAt: now,
          ...(origin && { origin }),
        });
    }
  }

  #send(envelope: RoutedEnvelope): Taken | undefined {
    const appended = this.#port.outbox.append(envelope);
    if (typeof appended !== 'string') return { to: envelope.to.twin, pumped: appended };
    this.#port.refusals.refuse(envelope, appended);
    return undefined;
  }

  /** Answers a ping. It is the only envelope of which the relay needs more than the head. */
  #pong({ sid }: Session, bytes: Uint8Array): void {
    const ping = decodeEnvelope(bytes);
    if (ping.ok) this.#port.outlets.send(sid, encodeEnvelope(pongOf(ping.value)));
  }
}
