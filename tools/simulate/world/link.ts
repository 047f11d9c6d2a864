import type { Loss } from '../../../client/session/socket.ts';
import type { World } from './world.ts';

/** A close frame, or the end without one. */
export interface End {
  readonly code: number;
  readonly reason: string;
  readonly isClean: boolean;
}

/** WebSocket’s own ping and its answer, which no program sees. */
export const PING_FRAME = '\0ping';
export const PONG_FRAME = '\0pong';

export const TORN: End = { code: 1006, reason: '', isClean: false };

type Packet = { readonly message: Uint8Array | string } | { readonly end: End };

/** What an end of a connection hears. */
export interface Ear {
  onMessage(message: Uint8Array | string): void;
  onEnd(end: End): void;
}

/** Sees every message that leaves an end. */
export interface Tap {
  up(link: Link, message: Uint8Array | string): void;
  down(link: Link, message: Uint8Array | string): void;
}

/** How packets fare: they arrive; they wait until it is over, as TCP sends them again; or they vanish for ever. */
export type Weather = 'clear' | 'stalled' | 'void';

/** One direction of a connection: packets arrive in order, or not at all. */
class Pipe {
  readonly #world: World;
  readonly #latency: () => number;
  readonly #arrive: (packet: Packet) => void;
  readonly #held: Packet[] = [];
  weather: Weather = 'clear';
  #last = 0;

  constructor(world: World, latency: () => number, arrive: (packet: Packet) => void) {
    this.#world = world;
    this.#latency = latency;
    this.#arrive = arrive;
  }

  send(packet: Packet): void {
    const { now } = this.#world;
    this.#last = Math.max(this.#last, now + this.#latency());
    this.#world.in(this.#last - now, undefined, () => this.#pass(packet));
  }

  /** Lets packets pass again. */
  clear(): void {
    this.weather = 'clear';
    // At once: what is under way was sent later.
    for (const packet of this.#held.splice(0)) this.#arrive(packet);
  }

  #pass(packet: Packet): void {
    if (this.weather === 'void') return;
    if (this.weather === 'stalled') this.#held.push(packet);
    else this.#arrive(packet);
  }
}

/** A WebSocket's connection. Each end has its own view of whether it is open. */
export class Link {
  readonly name: string;
  readonly #world: World;
  readonly #tap: Tap;
  readonly #up: Pipe;
  readonly #down: Pipe;
  #client: Ear | undefined;
  #server: Ear | undefined;
  #isCut = false;
  #isClientClosing = false;
  #isServerClosing = false;
  #hasServerHeard = false;
  /** While its client does not read, what arrives waits before it. */
  readonly #unread: Packet[] = [];
  #isPaused = false;

  constructor(
    world: World,
    name: string,
    tap: Tap,
    latency: () => number,
    { weather, direction }: { readonly weather: Weather; readonly direction: 'both' | 'up' | 'down' },
  ) {
    this.#world = world;
    this.name = name;
    this.#tap = tap;
    this.#up = new Pipe(world, latency, (packet) => this.#hear('server', packet));
    this.#down = new Pipe(world, latency, (packet) => {
      if (this.#isPaused) this.#unread.push(packet);
      else this.#hear('client', packet);
    });
    this.blow(weather, direction);
  }

  /** Whether neither end has it any more. */
  get isOver(): boolean {
    return this.#client === undefined && this.#server === undefined;
  }

  attachClient(ear: Ear): void {
    this.#client = ear;
  }

  attachServer(ear: Ear): void {
    this.#server = ear;
  }

  toServer(message: Uint8Array | string): void {
    if (this.#client === undefined) return;
    this.#tap.up(this, message);
    this.#up.send({ message });
  }

  toClient(message: Uint8Array | string): void {
    if (this.#server === undefined) return;
    this.#tap.down(this, message);
    this.#down.send({ message });
  }

  /** The client sends its close frame; with `TORN` it is gone without one. */
  closeFromClient(end: End): void {
    if (this.#client === undefined) return;
    this.#isClientClosing = true;
    if (end === TORN) this.#client = undefined;
    this.#up.send({ end });
  }

  /** The server sends its close frame, or answers one; with `TORN` it is gone without one. */
  closeFromServer(end: End): void {
    if (this.#server === undefined || this.#isServerClosing) return;
    this.#isServerClosing = true;
    if (end === TORN || this.#hasServerHeard) this.#server = undefined;
    this.#down.send({ end });
  }

  /** Both ends learn soon that it broke; what is under way is lost. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    for (const side of ['client', 'server'] as const) {
      this.#world.in(this.#world.random.whole(1, 40), undefined, () => {
        const ear = side === 'client' ? this.#client : this.#server;
        if (side === 'client') this.#client = undefined;
        else this.#server = undefined;
        ear?.onEnd(TORN);
      });
    }
  }

  blow(weather: Weather, direction: 'both' | 'up' | 'down' = 'both'): void {
    if (direction !== 'down') this.#up.weather = weather;
    if (direction !== 'up') this.#down.weather = weather;
  }

  /** A stalled connection goes on; one whose packets vanished is reset by what is in between. */
  heal(): void {
    const isVoid = this.#up.weather === 'void' || this.#down.weather === 'void';
    this.#up.clear();
    this.#down.clear();
    if (isVoid) this.cut();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    while (!this.#isPaused) {
      const packet = this.#unread.shift();
      if (packet === undefined) return;
      this.#hear('client', packet);
    }
  }

  #hear(side: 'client' | 'server', packet: Packet): void {
    const ear = side === 'client' ? this.#client : this.#server;
    if (ear === undefined || this.#isCut) return;
    if ('message' in packet) {
      ear.onMessage(packet.message);
      return;
    }
    const { end } = packet;
    if (side === 'client') {
      // Every WebSocket library answers a close by itself.
      if (end.isClean && !this.#isClientClosing) this.#up.send({ end });
      this.#client = undefined;
    } else {
      this.#hasServerHeard = true;
      if (!end.isClean || this.#isServerClosing) this.#server = undefined;
    }
    ear.onEnd(end);
  }
}

/** Returns what a client's socket reports of an end. */
export function lossOf({ code, reason }: End): Loss {
  return { code, detail: reason === '' ? 'connection closed' : `${code} ${reason}` };
}
