import { WebSocket } from 'ws';
import type { Log } from '../ports.ts';

/** Times of the Rust peer (PROTOCOL §9), ms. */
const PING_MS = 20_000;
const SILENCE_MS = 40_000;
const RETRY_MS = 2_000;
const CONNECT_MS = 10_000;
const REFUSAL_MS = 2_000;
/** The relay refuses a switch within 10 s: coming back sooner would only be refused again. */
const CONTESTED_MS = 12_000;
const CONTESTED_CODE = 4409;
const MAX_FRAME = 32 * 2 ** 20;
/** Frames in work at once: beyond it the relay waits, not our memory. */
const MOST_FRAMES = 256;

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
  onOpen(): void;
  /** Resolves when the frame has been dealt with; never rejects. */
  onFrame(frame: Uint8Array): Promise<void>;
  readonly log: Log;
}

/** One relay, kept connected for ever: a session without a sid. */
export class RelayConnection {
  readonly #url: string;
  readonly #port: ConnectionPort;
  #state: State = { kind: 'closed' };
  #frames = 0;

  /** @param url ws(s)://host[:port] */
  constructor(url: string, port: ConnectionPort) {
    this.#url = url;
    this.#port = port;
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  open(): void {
    this.#retryIn(0);
  }

  /** Hands a frame to the socket; false when there is none, or it broke. */
  async send(frame: Uint8Array): Promise<boolean> {
    if (this.#state.kind !== 'open') return false;
    const { socket } = this.#state;
    return new Promise((resolve) => socket.send(frame, (error) => resolve(!error)));
  }

  close(): void {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'waiting') clearTimeout(state.timer);
    if (state.kind === 'open') state.socket.close(1001);
    if (state.kind === 'connecting') state.socket.terminate();
  }

  #retryIn(ms: number): void {
    // Peers that lost the same relay must not all come back in the same instant.
    const delay = ms * (0.75 + Math.random() / 2);
    this.#state = { kind: 'waiting', timer: setTimeout(() => this.#connect(), delay) };
  }

  #connect(): void {
    this.#port.token().then(
      (token) => {
        if (this.#state.kind === 'waiting') this.#dial(token);
      },
      (error: unknown) => this.#lost(`no token: ${String(error)}`, RETRY_MS),
    );
  }

  #dial(token: string): void {
    const options = { perMessageDeflate: false, handshakeTimeout: CONNECT_MS, maxPayload: MAX_FRAME };
    const socket = new WebSocket(`${this.#url}/?${token}`, options);
    this.#state = { kind: 'connecting', socket };
    let fault = 'connection closed';
    socket.on('unexpected-response', (request, response) => {
      fault = `refused: ${response.statusCode}`;
      const end = () => {
        clearTimeout(patience);
        request.destroy();
        socket.terminate();
      };
      // Its first words are enough; whoever sends none, or never ends, is not waited for.
      const patience = setTimeout(end, REFUSAL_MS);
      response.once('data', (chunk: Buffer) => {
        fault += ` ${chunk.toString().slice(0, 200)}`;
        end();
      });
      response.once('error', end);
      response.once('close', end);
    });
    socket.on('error', (error) => {
      fault = error.message;
    });
    socket.on('open', () => this.#opened(socket));
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) void this.#take(socket, data);
    });
    socket.on('close', (code, reason) => {
      const detail = reason.length > 0 ? `${code} ${reason.toString()}` : fault;
      this.#lost(detail, code === CONTESTED_CODE ? CONTESTED_MS : RETRY_MS);
    });
  }

  async #take(socket: WebSocket, frame: Uint8Array): Promise<void> {
    this.#frames += 1;
    if (this.#frames >= MOST_FRAMES) socket.pause();
    await this.#port.onFrame(frame);
    this.#frames -= 1;
    if (socket.isPaused && this.#frames < MOST_FRAMES / 2) socket.resume();
  }

  #opened(socket: WebSocket): void {
    this.#state = { kind: 'open', socket };
    this.#port.log.info({ relay: this.#url }, 'relay: connected');
    let heard = Date.now();
    const hear = () => {
      heard = Date.now();
    };
    for (const event of ['message', 'ping', 'pong'] as const) socket.on(event, hear);
    const timer = setInterval(() => {
      if (Date.now() - heard >= SILENCE_MS) socket.terminate();
      else socket.ping();
    }, PING_MS);
    socket.once('close', () => clearInterval(timer));
    this.#port.onOpen();
  }

  #lost(detail: string, retryMs: number): void {
    if (this.#state.kind === 'closed') return;
    this.#port.log.warn({ relay: this.#url, detail }, 'relay: not connected, trying again');
    this.#retryIn(retryMs);
  }
}
