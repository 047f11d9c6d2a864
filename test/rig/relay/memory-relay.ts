import type { Dial, Loss, Socket } from '../../../client/session/socket.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope, pongOf } from '../../../proto/envelope/envelope.ts';

type Port = Parameters<Dial>[1];

/** A socket that was dialled, seen from the other side. */
export interface DialledSocket {
  readonly url: URL;
  /** Whether its relay would be asked why it takes no session. */
  readonly asksWhy: boolean;
  /** Envelopes that came. */
  readonly envelopes: readonly Envelope[];
  /** Every message that came. */
  readonly messages: readonly (Uint8Array | string)[];
  /** Number of ping frames that came. */
  readonly pings: number;
  readonly isPaused: boolean;
  send(message: Uint8Array | string): void;
  /** A sign of life without a message. */
  hear(): void;
  end(loss: Loss): void;
}

/** Sockets in memory, for tests without servers. */
export interface MemoryRelay {
  readonly dial: Dial;
  /** Every socket that was dialled, in order. */
  readonly sockets: readonly DialledSocket[];
  /** Resolves with the socket of this place, counted from 0, once it was dialled. */
  dialled(place: number): Promise<DialledSocket>;
}

/** What the other side does; absent parts do nothing. */
export interface Behaviour {
  /** Whether sockets open by themselves; true when absent. */
  readonly opens?: boolean;
  /** Whether the host has ping frames; true when absent. */
  readonly hasPings?: boolean;
  /** Whether ping frames, and ping envelopes of a host that has ping frames, are answered; always when absent. */
  answersPings?(): boolean;
  /** Takes each message that is no envelope, and may reply. */
  onOther?(message: Uint8Array | string, from: DialledSocket): void;
  /** Takes each envelope, and may reply through any socket. */
  onEnvelope?(envelope: Envelope, from: DialledSocket, all: readonly DialledSocket[]): void;
}

/** Starts sockets in memory. */
export function startMemoryRelay(behaviour: Behaviour = {}): MemoryRelay {
  const { opens = true } = behaviour;
  const sockets: DialledSocket[] = [];
  const waiting = new Map<number, (socket: DialledSocket) => void>();
  const dial: Dial = (url, port, { asksWhy = false } = {}) => {
    const { socket, dialled } = pair(new URL(url), asksWhy, port, behaviour, sockets);
    const place = sockets.push(dialled) - 1;
    waiting.get(place)?.(dialled);
    if (opens) queueMicrotask(() => port.onOpen());
    return socket;
  };
  return {
    dial,
    sockets,
    dialled: async (place) => {
      const known = sockets[place];
      return known ?? new Promise<DialledSocket>((resolve) => waiting.set(place, resolve));
    },
  };
}

/**
 * A relay that answers pings, and passes envelopes on to the latest socket of their destination.
 * @param isLost whether an envelope is lost on its way
 */
export function startRoutingRelay(
  hasPings = false,
  isLost: (envelope: Envelope) => boolean = () => false,
): MemoryRelay {
  return startMemoryRelay({
    hasPings,
    onEnvelope: (envelope, from, all) => {
      if (isLost(envelope)) return;
      const { content, destination } = envelope;
      if (content?.kind === 'ping') return from.send(encodeEnvelope(pongOf(envelope)));
      const to = all.findLast((each) => {
        const source = each.envelopes[0]?.source;
        return source?.twin === destination?.twin && source?.connection === destination?.connection;
      });
      to?.send(encodeEnvelope(envelope));
    },
  });
}

function pair(url: URL, asksWhy: boolean, port: Port, behaviour: Behaviour, all: readonly DialledSocket[]) {
  const { hasPings = true } = behaviour;
  const messages: (Uint8Array | string)[] = [];
  const state = { envelopes: [] as Envelope[], pings: 0, isPaused: false, isLost: false };
  const end = (loss: Loss) => {
    if (state.isLost) return;
    state.isLost = true;
    queueMicrotask(() => port.onLost(loss));
  };
  const dialled: DialledSocket = {
    url,
    asksWhy,
    envelopes: state.envelopes,
    messages,
    get pings() {
      return state.pings;
    },
    get isPaused() {
      return state.isPaused;
    },
    send: (message) => {
      queueMicrotask(() => {
        port.onHeard?.();
        port.onMessage(message);
      });
    },
    hear: () => queueMicrotask(() => port.onHeard?.()),
    end,
  };
  const socket: Socket = {
    unsent: 0,
    send: async (message) => {
      if (state.isLost) return false;
      messages.push(message);
      const decoded = typeof message === 'string' ? undefined : decodeEnvelope(message);
      if (decoded?.ok !== true) {
        behaviour.onOther?.(message, dialled);
        return true;
      }
      state.envelopes.push(decoded.value);
      // As every relay does. Where the host has no ping frames, the test answers.
      const isPing = decoded.value.content?.kind === 'ping';
      if (hasPings && isPing && (behaviour.answersPings?.() ?? true)) {
        dialled.send(encodeEnvelope(pongOf(decoded.value)));
      }
      behaviour.onEnvelope?.(decoded.value, dialled, all);
      return true;
    },
    ...(hasPings
      ? {
          ping: () => {
            state.pings += 1;
            if (behaviour.answersPings?.() ?? true) dialled.hear();
          },
        }
      : {}),
    pause: () => {
      state.isPaused = true;
    },
    resume: () => {
      state.isPaused = false;
    },
    close: (code, reason = '') => end({ code, detail: `${code} ${reason}`.trim() }),
    terminate: () => end({ code: 1006, detail: 'connection closed' }),
  };
  return { socket, dialled };
}
