import type { WebSocket } from 'ws';
import { USED_TWICE } from '../../proto/session-close.ts';
import { Backoff } from '../backoff.ts';
import type { Log, SentEnvelope } from '../ports.ts';
import type { PartState } from '../state.ts';
import { FramesInWork } from './frames.ts';
import { HEARTBEAT, Heartbeat, type HeartbeatTimes } from './heartbeat.ts';
import { LargeFrames, limitAfter, type SizeLimit } from './large-frames.ts';
import { dial, gather } from './socket.ts';

/** In a duel of two programs the relay refuses a switch within 10 s: coming back sooner would only be refused again. */
const CONTESTED_MS = 12_000;
/** Only these words of the relay say that the other one is alive; a session that was taken over says nothing of it. */
const CONTESTED_DETAIL = `${USED_TWICE.code} ${USED_TWICE.reason}`;
const CONTESTED =
  'one identity is used twice: the relay saw two live programs take this twin’s session from each other; stop one of the two';
/** A relay was sent more than it takes (RFC 6455 §7.4.1). Ours says in its reason how much that is. */
const TOO_LARGE_CODE = 1009;
/** A relay that has opened answers a ping in this time. */
const PROOF_MS = 10_000;
/** At a stop the relay has this long to answer our close. */
const CLOSE_MS = 2_000;
/** No close came from the other side. */
const TORN_CODE = 1006;
/** A relay that has not taken this much of what we gave it is slow: others go first. */
const MOST_UNSENT = 2 ** 20;

/** Where a connection stands. */
type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'connecting'; readonly socket: WebSocket }
  | { readonly kind: 'open'; readonly socket: WebSocket };

/** What a connection needs, and whom it tells. */
export interface ConnectionPort {
  /** A fresh token for each attempt. */
  token(): Promise<string>;
  onState(state: PartState): void;
  /** The relay's Date, with our Unix ms when it was asked. */
  onDate(date: string, askedAt: number): void;
  /** Resolves when the frame has been dealt with; never rejects. */
  onFrame(frame: Uint8Array): Promise<void>;
  /** The relay closed the connection for the size of this envelope; `limit` is what it takes, if it says so (bytes). */
  onTooLarge(envelope: SentEnvelope, limit: number | undefined): void;
  readonly log: Log;
}

/** One relay, kept connected for ever: a session without a sid. */
export class RelayConnection {
  readonly #url: string;
  readonly #port: ConnectionPort;
  readonly #times: HeartbeatTimes;
  readonly #backoff = new Backoff();
  readonly #frames: FramesInWork;
  readonly #large = new LargeFrames();
  #limit: SizeLimit | undefined;
  #state: State = { kind: 'closed' };
  #isFinishing = false;
  /** What was said of the last failure. */
  #detail = '';

  /** @param url ws(s)://host[:port] */
  constructor(url: string, port: ConnectionPort, times = HEARTBEAT) {
    this.#url = url;
    this.#port = port;
    this.#times = times;
    this.#frames = new FramesInWork((frame) => port.onFrame(frame));
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  /** Whether it takes what it is given more slowly than it is given. */
  get isSlow(): boolean {
    return this.#state.kind === 'open' && this.#state.socket.bufferedAmount > MOST_UNSENT;
  }

  /** What the relay takes, since it refused an envelope for its size; kept over reconnects, until the next start. */
  get limit(): SizeLimit | undefined {
    return this.#limit;
  }

  open(): void {
    this.#retryIn(0);
  }

  /** Leaves and comes back, so that the relay tells its time anew. */
  again(): void {
    if (this.#state.kind === 'open' && !this.#isFinishing) this.#state.socket.close(1001, 'coming back');
  }

  /** Hands a frame to the socket; false when there is none, or it broke. */
  async send(frame: Uint8Array): Promise<boolean> {
    if (this.#state.kind !== 'open') return false;
    const { socket } = this.#state;
    gather(socket, frame.length);
    this.#large.add(frame);
    return new Promise((resolve) => socket.send(frame, (error) => resolve(!error)));
  }

  /** Reads no more, and waits until all that was read has been dealt with; sending still works. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.#frames.pause();
    await this.#frames.done();
  }

  /**
   * Takes leave of the relay; what it sent before it heard of that is still dealt with.
   * @returns whether it has all that was sent; undefined when it was not connected
   */
  async close(): Promise<boolean | undefined> {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'waiting') clearTimeout(state.timer);
    if (state.kind === 'connecting') state.socket.terminate();
    if (state.kind !== 'open') return undefined;
    const { socket } = state;
    const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
    const patience = setTimeout(() => socket.terminate(), CLOSE_MS);
    this.#frames.resume();
    socket.close(1001);
    const code = await closed;
    clearTimeout(patience);
    await this.#frames.done();
    return code !== TORN_CODE;
  }

  #retryIn(ms: number): void {
    this.#state = { kind: 'waiting', timer: setTimeout(() => this.#connect(), ms) };
  }

  #connect(): void {
    this.#port.token().then(
      (token) => {
        if (this.#state.kind === 'waiting' && !this.#isFinishing) this.#dial(token);
      },
      (error: unknown) => this.#lost(`no token: ${String(error)}`, this.#backoff.next()),
    );
  }

  #dial(token: string): void {
    const socket = dial(`${this.#url}/?${token}`, {
      onDate: (date, askedAt) => this.#port.onDate(date, askedAt),
      onOpen: () => this.#opened(socket),
      onLost: (code, detail) => {
        if (code === TOO_LARGE_CODE) this.#tooLarge(detail);
        if (detail !== CONTESTED_DETAIL) return this.#lost(detail, this.#backoff.next());
        this.#port.log.error({ relay: this.#url, detail }, `relay: ${CONTESTED}`);
        this.#lost(CONTESTED, CONTESTED_MS * (1 + Math.random() / 4));
      },
    });
    this.#state = { kind: 'connecting', socket };
    this.#large.clear();
  }

  #tooLarge(detail: string): void {
    const [, digits] = /(\d+) bytes/.exec(detail) ?? [];
    const limit = digits === undefined ? undefined : Number(digits);
    const refused = this.#large.refused(limit);
    this.#limit = limitAfter(refused, limit) ?? this.#limit;
    for (const envelope of refused) this.#port.onTooLarge(envelope, limit);
  }

  #opened(socket: WebSocket): void {
    const pulse = { ping: () => socket.ping(), dead: () => socket.terminate() };
    const heartbeat = new Heartbeat(pulse, this.#times);
    // A relay may open the door only to refuse at once, with a reason: what is sent before that is lost.
    const patience = setTimeout(() => socket.terminate(), PROOF_MS);
    const hear = () => {
      clearTimeout(patience);
      heartbeat.heard();
      // The answer to the first ping proves the way; that the relay is well is proven by what it says itself, or by
      // its answers later on.
      if (this.#state.kind === 'open') this.#backoff.reset();
      else this.#proven(socket);
    };
    for (const event of ['message', 'ping', 'pong'] as const) socket.on(event, hear);
    socket.once('close', () => {
      clearTimeout(patience);
      heartbeat.stop();
    });
    this.#frames.attach({
      pause: () => {
        heartbeat.pause();
        socket.pause();
      },
      resume: () => {
        heartbeat.resume();
        socket.resume();
      },
    });
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.#frames.take(data);
    });
    socket.ping();
  }

  #proven(socket: WebSocket): void {
    if (this.#state.kind !== 'connecting') return;
    this.#state = { kind: 'open', socket };
    this.#port.log.info({ relay: this.#url }, 'relay: connected');
    this.#port.onState({ isUp: true, detail: '' });
  }

  #lost(detail: string, retryMs: number): void {
    if (this.#state.kind === 'closed') return;
    // A relay that is away for a night is told of once, not at each attempt.
    const isNews = this.#state.kind === 'open' || detail !== this.#detail;
    this.#detail = detail;
    if (isNews) this.#port.log.warn({ relay: this.#url, detail }, 'relay: not connected, trying again');
    this.#retryIn(retryMs);
    this.#port.onState({ isUp: false, detail });
  }
}
