import { copyOf } from '../world/copy.ts';
import { type End, type Link, TORN } from '../world/link.ts';
import type { World } from '../world/world.ts';

const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** The relay’s end of a WebSocket, as the platform keeps it: it outlives the memory of its object. */
export class ServerSocket {
  readonly #world: World;
  readyState = OPEN;
  tags: readonly string[] = [];
  /** Unix ms of the platform’s last own answer to this client. */
  answeredAt: number | undefined;
  #attachment: unknown;
  #link: Link | undefined;
  /** Sent before the handshake was answered. */
  readonly #early: ((link: Link) => void)[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  bind(link: Link): void {
    this.#link = link;
    for (const act of this.#early.splice(0)) act(link);
  }

  send(message: Uint8Array | ArrayBuffer | string): void {
    const process = this.#world.current;
    if (process === undefined || !process.isAlive) return;
    if (this.readyState !== OPEN) throw new TypeError('the WebSocket is closed');
    const copy = typeof message === 'string' ? message : new Uint8Array(message).slice();
    process.effect('send', () => this.#act((link) => link.toClient(copy)));
  }

  close(code = 1005, reason = ''): void {
    const process = this.#world.current;
    if (process === undefined || !process.isAlive || this.readyState === CLOSED) return;
    process.effect('close', () => {
      this.readyState = CLOSING;
      this.#act((link) => link.closeFromServer({ code, reason, isClean: true }));
    });
  }

  serializeAttachment(attachment: unknown): void {
    if (this.#world.current?.isAlive === true) this.#attachment = copyOf(attachment);
  }

  deserializeAttachment(): unknown {
    return copyOf(this.#attachment);
  }

  /** The platform’s own answer to a keep-alive: it wakes no object. A ping frame’s answer leaves no time. */
  answer(text: string, at?: number): void {
    this.answeredAt = at ?? this.answeredAt;
    this.#link?.toClient(text);
  }

  /** The connection is over. */
  ended({ isClean }: End): void {
    // After a clean close the object still answers it.
    this.readyState = isClean && this.readyState === OPEN ? CLOSING : CLOSED;
  }

  /** Ends it without a handshake: its relay is gone. */
  tear(): void {
    this.readyState = CLOSED;
    this.#link?.closeFromServer(TORN);
  }

  #act(act: (link: Link) => void): void {
    if (this.#link === undefined) this.#early.push(act);
    else act(this.#link);
  }
}
