import { KEEP_ALIVE, readAcceptance } from '../../proto/custody/acceptance.ts';
import { USED_TWICE } from '../../proto/session-close.ts';
import { CustodySession, type CustodyWay } from '../custody/session.ts';
import type { FrameEnd } from '../ports.ts';
import { Reasons } from '../web/reasons.ts';
import { Backoff } from './backoff.ts';
import type { ConnectionPort } from './connection-port.ts';
import { FramesInWork } from './frames.ts';
import { CUSTODY_HEARTBEAT, ENVELOPE_HEARTBEAT, HEARTBEAT, type HeartbeatTimes, Pulse } from './heartbeat.ts';
import { LargeFrames, limitAfter, type SizeLimit } from './large-frames.ts';
import { CLOSE_MS, type Loss, type Socket, type SocketPort, TORN_CODE } from './socket.ts';
import { endsWithin } from './waiting.ts';

/** When two programs use one session, the relay refuses a switch within 10 s: an earlier attempt would be refused again, ms. */
const CONTESTED_MS = 12_000;
/** Only this close proves that the other program is alive; a session that was taken over proves nothing. */
const CONTESTED_DETAIL = `${USED_TWICE.code} ${USED_TWICE.reason}`;
const CONTESTED =
  'one identity is used twice: the relay saw two live programs take this twin’s session from each other; stop one of the two';
/** A frame was larger than the relay takes (RFC 6455 §7.4.1). This project's relay names its limit in the reason. */
const TOO_LARGE_CODE = 1009;
/** A frame of the relay that is malformed. */
const MALFORMED_CODE = 1008;
/** Of a limited close. The rest is for the socket: one that is torn may lose the last receipts. */
const RECEIPTS_SHARE = 0.8;
/** A relay with this much unsent is slow: other relays come first, bytes. */
const MOST_UNSENT = 2 ** 20;

/** State of a connection. */
type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'waiting'; readonly timer: Timer; readonly mayHurry: boolean }
  | { readonly kind: 'connecting'; readonly socket: Socket }
  | { readonly kind: 'open'; readonly socket: Socket; readonly pulse: Pulse };
type Timer = ReturnType<typeof setTimeout>;

/** Keeps one relay connected, until `close`. */
export class RelayConnection {
  readonly #url: string;
  readonly #port: ConnectionPort;
  readonly #times: HeartbeatTimes;
  readonly #custodyTimes: HeartbeatTimes;
  readonly #backoff = new Backoff();
  readonly #reasons = new Reasons();
  readonly #frames: FramesInWork<FrameEnd | undefined>;
  readonly #large = new LargeFrames();
  #limit: SizeLimit | undefined;
  #state: State = { kind: 'closed' };
  /** The custody session of the last socket, if it has one. */
  #custody: CustodySession | undefined;
  #isFinishing = false;
  /** The host woke during an attempt, which may have begun without a network: after it, the next one begins at once. */
  #isHurried = false;
  /** Detail of the last failure. */
  #detail = '';
  /** Called with the code that ended the last socket. */
  #onEnd: (code: number) => void = () => undefined;

  /** @param url ws(s)://host[:port] */
  constructor(url: string, port: ConnectionPort, times = HEARTBEAT, custodyTimes = CUSTODY_HEARTBEAT) {
    this.#url = url;
    this.#port = port;
    this.#times = times;
    this.#custodyTimes = custodyTimes;
    this.#frames = new FramesInWork((frame) => port.onFrame(frame));
  }

  /** host[:port] */
  get name(): string {
    return new URL(this.#url).host;
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  /** The custody session; undefined without one. */
  get custody(): CustodyWay | undefined {
    return this.isOpen ? this.#custody : undefined;
  }

  /** Whether the relay takes frames more slowly than it is given them. */
  get isSlow(): boolean {
    return this.#state.kind === 'open' && this.#state.socket.unsent > MOST_UNSENT;
  }

  /** Largest envelope of this relay, known since it refused one; kept over reconnects. */
  get limit(): SizeLimit | undefined {
    return this.#limit;
  }

  open(): void {
    this.#retryIn(0);
  }

  /** Reconnects, so that the relay tells its time again. */
  reconnect(): void {
    if (this.#state.kind === 'open' && !this.#isFinishing) this.#state.socket.close(1001, 'coming back');
  }

  /** The host may have slept, or has its network again: tries at once, or asks an open relay for a sign of life. */
  look(): void {
    const state = this.#state;
    if (state.kind === 'open') state.pulse.check();
    this.#isHurried = state.kind === 'connecting';
    if (state.kind !== 'waiting' || !state.mayHurry || this.#isFinishing) return;
    clearTimeout(state.timer);
    this.#backoff.reset();
    this.#retryIn(0);
  }

  /** Hands a frame to the socket of a plain session. Returns false if there is no socket, or it broke. */
  async send(frame: Uint8Array): Promise<boolean> {
    if (this.#state.kind !== 'open') return false;
    const { socket } = this.#state;
    this.#large.add(frame);
    return socket.send(frame);
  }

  /** Reads no more. Resolves when every frame that was read has been processed; sending still works. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    // In custody the relay keeps what is not processed, and its receipts are still read.
    if (this.#custody === undefined) this.#frames.pause();
    else this.#custody.finish();
    await this.#frames.done();
  }

  /**
   * Closes the session. Frames that the relay sent before it saw the close are still processed; in custody the relay
   * keeps them, and the close waits for receipts.
   * @param ms limit; absent: as long as receipts, the close and work may take each
   * @returns whether the relay has every frame that was sent; undefined when it was not connected
   */
  async close(ms?: number): Promise<boolean | undefined> {
    const until = performance.now() + (ms ?? Number.POSITIVE_INFINITY);
    const left = () => Math.max(0, until - performance.now());
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'waiting') clearTimeout(state.timer);
    if (state.kind === 'connecting') state.socket.terminate();
    if (state.kind !== 'open') return undefined;
    const { socket } = state;
    const { promise: closed, resolve: onEnd } = Promise.withResolvers<number>();
    this.#onEnd = onEnd;
    const hasAll = (await this.#custody?.leave(left() * RECEIPTS_SHARE)) ?? true;
    const patience = setTimeout(() => socket.terminate(), Math.min(CLOSE_MS, left()));
    this.#frames.resume();
    socket.close(1001);
    const code = await closed;
    clearTimeout(patience);
    await (ms === undefined ? this.#frames.done() : endsWithin(left(), this.#frames.done()));
    return hasAll && code !== TORN_CODE;
  }

  /** @param mayHurry whether `look` may cut the pause short */
  #retryIn(ms: number, mayHurry = true): void {
    this.#state = { kind: 'waiting', timer: setTimeout(() => this.#connect(), ms), mayHurry };
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
    /** `undecided` until the relay has accepted custody, or has sent anything else. */
    let mode: 'undecided' | 'plain' | 'custody' = this.#port.custody === undefined ? 'plain' : 'undecided';
    this.#custody = undefined;
    const plain = () => {
      mode = 'plain';
      this.#frames.attach({
        pause: () => {
          pulse.pause();
          socket.pause();
        },
        resume: () => {
          pulse.resume();
          socket.resume();
        },
      });
    };
    const send = (message: Uint8Array | string) => {
      pulse.sent();
      void socket.send(message);
    };
    const events: SocketPort = {
      onDate: (date, askedAt) => this.#port.onDate(date, askedAt),
      onOpen: () => {
        if (mode === 'plain') plain();
        else this.#frames.attach();
        pulse.start();
      },
      onHeard: () => {
        if (mode !== 'undecided') pulse.heard();
      },
      onMessage: (message) => {
        if (mode === 'undecided') {
          const accepted = typeof message === 'string' && this.#accepted(message, socket, send);
          // A text that is no acceptance says nothing.
          if (!accepted && typeof message === 'string') return;
          if (accepted) {
            mode = 'custody';
            pulse.keepAlive(this.#custodyTimes);
          } else plain();
          pulse.heard();
        }
        if (typeof message === 'string') return;
        if (this.#custody === undefined) void this.#frames.take(message);
        else if (this.#frames.isOver) this.#malformed(socket, 'it sends more than its window');
        else this.#custody.message(message);
      },
      onLost: (loss) => {
        pulse.stop();
        this.#ended(loss);
      },
    };
    const asksWhy = this.#reasons.isDue;
    const socket = this.#port.dial(`${this.#url}/?${token}`, events, { asksWhy });
    const pulse = new Pulse(socket.ping === undefined ? ENVELOPE_HEARTBEAT : this.#times, {
      ping: () => {
        if (mode === 'custody') send(KEEP_ALIVE.ask);
        else if (mode === 'undecided' || socket.ping === undefined) void socket.send(this.#port.pingEnvelope());
        else socket.ping();
      },
      dead: () => socket.terminate(),
      proven: () => this.#proven(socket, pulse),
      // Later signs of life prove that the relay is well; the first one proves only the way.
      heard: () => this.#backoff.reset(),
    });
    this.#state = { kind: 'connecting', socket };
    this.#large.clear();
  }

  /** Begins a custody session when the text is an acceptance. Returns whether it is. */
  #accepted(text: string, socket: Socket, send: (message: Uint8Array) => void): boolean {
    const acceptance = readAcceptance(text);
    const { custody } = this.#port;
    if (acceptance === undefined || custody === undefined) return false;
    this.#custody = new CustodySession(this.name, acceptance, custody, {
      send,
      take: (bytes) => this.#frames.take(bytes),
      onWrite: (bytes) => this.#large.add(bytes),
      onMalformed: (why) => this.#malformed(socket, why),
      onUsedUp: () => socket.close(1001, 'sequences used up'),
      afterTurn: (run) => (socket.afterTurn === undefined ? queueMicrotask(run) : socket.afterTurn(run)),
    });
    return true;
  }

  #malformed(socket: Socket, why: string): void {
    this.#port.log.warn({ relay: this.#url, why }, 'relay: it breaks the rules of custody');
    socket.close(MALFORMED_CODE, why);
  }

  #ended(loss: Loss): void {
    const { code, isUnreached } = loss;
    const detail = this.#state.kind === 'connecting' ? this.#reasons.failed(loss) : loss.detail;
    this.#onEnd(code);
    if (code === TOO_LARGE_CODE) this.#tooLarge(detail);
    if (detail === CONTESTED_DETAIL) {
      this.#port.log.error({ relay: this.#url, detail }, `relay: ${CONTESTED}`);
      this.#lost(CONTESTED, CONTESTED_MS * (1 + Math.random() / 4), false);
    } else this.#lost(detail, this.#backoff.next(isUnreached));
    // What the socket may not have passed on is sent again, through any relay.
    if (this.#custody === undefined) this.#port.onEnded?.(code === TORN_CODE);
    else this.#custody.end();
    this.#custody = undefined;
  }

  #tooLarge(detail: string): void {
    const [, digits] = /(\d+) bytes/.exec(detail) ?? [];
    const limit = digits === undefined ? undefined : Number(digits);
    const refused = this.#large.refused(limit);
    this.#limit = limitAfter(refused, limit) ?? this.#limit;
    for (const envelope of refused) this.#port.onTooLarge(envelope, limit);
  }

  #proven(socket: Socket, pulse: Pulse): void {
    if (this.#state.kind !== 'connecting') return;
    this.#state = { kind: 'open', socket, pulse };
    this.#reasons.opened();
    this.#port.log.info({ relay: this.#url, custody: this.#custody !== undefined }, 'relay: connected');
    this.#port.onState({ isUp: true, detail: '' });
  }

  #lost(detail: string, retryMs: number, mayHurry = true): void {
    if (this.#state.kind === 'closed') return;
    // A relay that is away for a night is reported once, not at each attempt.
    const isNews = this.#state.kind === 'open' || detail !== this.#detail;
    this.#detail = detail;
    if (isNews) this.#port.log.warn({ relay: this.#url, detail }, 'relay: not connected, trying again');
    this.#retryIn(this.#isHurried && mayHurry ? 0 : retryMs, mayHurry);
    this.#isHurried = false;
    this.#port.onState({ isUp: false, detail });
  }
}
