import { CLOSE_MS, CONNECT_MS, type Dial, type Socket, TORN_CODE } from '../../../client/session/socket.ts';
import type { Relay } from '../relay/relay.ts';
import type { PostInit } from './globals.ts';
import { type End, Link, lossOf, PING_FRAME, PONG_FRAME, type Tap, TORN, type Weather } from './link.ts';
import type { Machine, World } from './world.ts';

/** Most milliseconds that a packet takes on a good day. */
const CALM_MS = 10;

/** How a POST between relays fares. */
export type PostWeather = 'clear' | 'lost' | 'answer-lost' | 'twice';

/** The connections of one client to one relay, of which the last one is in use. */
interface Path {
  weather: Weather;
  direction: 'both' | 'up' | 'down';
  links: Link[];
}

/** The network between clients and relays, and between relays. */
export class Network {
  readonly relays = new Map<string, Relay>();
  readonly #world: World;
  readonly #tap: Tap;
  readonly #paths = new Map<string, Path>();
  #links = 0;
  postWeather: PostWeather = 'clear';
  /** Most milliseconds that a packet takes. */
  latency = CALM_MS;

  constructor(world: World, tap: Tap) {
    this.#world = world;
    this.#tap = tap;
  }

  path(client: string, host: string): Path {
    const key = `${client}>${host}`;
    let path = this.#paths.get(key);
    if (path === undefined) {
      path = { weather: 'clear', direction: 'both', links: [] };
      this.#paths.set(key, path);
    }
    path.links = path.links.filter(({ isOver }) => !isOver);
    return path;
  }

  /** Returns the way in which a machine opens WebSockets. */
  dialOf(machine: Machine): Dial {
    return (url, port) => {
      const world = this.#world;
      const { process } = machine;
      if (process === undefined) throw new Error('a dead process dials');
      const host = hostOf(url);
      const path = this.path(machine.name, host);
      this.#links += 1;
      const name = `${machine.name}>${this.relays.get(host)?.name}#${this.#links}`;
      const link = new Link(world, name, this.#tap, () => this.#delay(), path);
      path.links.push(link);
      let isLost = false;
      let isOpen = false;
      const lose = (end: End, detail?: string) => {
        if (isLost) return;
        isLost = true;
        process.clearTimer(patience);
        if (!process.isAlive) return;
        world.note(() => `${link.name}: ${machine.name} loses it: ${end.code} ${end.reason}${detail ?? ''}`);
        world.as(process, () => port.onLost(detail === undefined ? lossOf(end) : { code: end.code, detail }));
      };
      const patience = process.setTimer(CONNECT_MS, () => {
        link.closeFromClient(TORN);
        lose(TORN, 'no answer in time');
      });
      link.attachClient({
        onMessage: (message) => {
          if (isLost || !process.isAlive) return;
          world.as(process, () => {
            port.onHeard?.();
            if (message !== PONG_FRAME) port.onMessage(message);
          });
        },
        onEnd: (end) => lose(end),
      });
      process.effect('dial', () => {
        const relay = this.relays.get(host);
        if (path.weather !== 'clear') return;
        world.in(this.#delay(), undefined, () => {
          const refuse = () => void world.in(this.#delay(), undefined, () => lose(TORN, 'refused'));
          const open = () => {
            world.in(this.#delay(), undefined, () => {
              if (isLost || !process.isAlive) return;
              isOpen = true;
              process.clearTimer(patience);
              world.note(() => `${link.name}: open`);
              world.as(process, () => port.onOpen());
              link.resume();
            });
          };
          // What the relay sends first must not come before the handshake's end.
          link.pause();
          if (relay === undefined || isLost) return refuse();
          relay.connect(link, url, open, refuse);
        });
      });
      return {
        unsent: 0,
        send: (message) => {
          if (isLost || !isOpen || !process.isAlive) return Promise.resolve(false);
          const copy = typeof message === 'string' ? message : message.slice();
          process.effect('write', () => link.toServer(copy));
          return Promise.resolve(true);
        },
        ping: () => process.effect('ping', () => link.toServer(PING_FRAME)),
        pause: () => link.pause(),
        resume: () => link.resume(),
        close: (code, reason = '') => {
          process.effect('close', () => link.closeFromClient({ code, reason, isClean: true }));
          // As the libraries: a close that nobody answers ends all the same.
          process.setTimer(CLOSE_MS, () => {
            link.closeFromClient(TORN);
            lose(TORN);
          });
        },
        terminate: () => {
          process.effect('terminate', () => link.closeFromClient(TORN));
          world.in(0, undefined, () => lose({ ...TORN, code: TORN_CODE }));
        },
      } satisfies Socket;
    };
  }

  /** The process of a client died: its host ends its connections, if their packets arrive. */
  died(client: string): void {
    for (const [key, { links }] of this.#paths) {
      if (key.startsWith(`${client}>`)) for (const link of links) link.closeFromClient(TORN);
    }
  }

  /** Packets are fast again, and POSTs arrive. */
  calm(): void {
    this.postWeather = 'clear';
    this.latency = CALM_MS;
  }

  /** All is well from now on. */
  clearUp(): void {
    this.calm();
    for (const path of this.#paths.values()) this.heal(path);
  }

  heal(path: Path): void {
    path.weather = 'clear';
    for (const link of path.links) link.heal();
  }

  /** A POST between relays. Resolves with the response, as far as the product reads it. */
  fetch(url: string, { body, headers, signal }: PostInit): Promise<unknown> {
    const world = this.#world;
    const process = world.current;
    const relay = this.relays.get(hostOf(url));
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(ABORTED));
      process?.effect('post', () => {
        const weather = this.postWeather === 'clear' || world.random.chance(0.5) ? 'clear' : this.postWeather;
        const copy = body.slice();
        const fail = () => void world.in(this.#delay(), process, () => reject(FAILED));
        if (relay === undefined) return fail();
        const arrive = (isHeard: boolean) =>
          relay.post(copy, headers, (response) => {
            world.note(() => `POST to ${relay.name}: ${response?.status}${isHeard ? '' : ', and nobody hears it'}`);
            if (isHeard && response === undefined) fail();
            else if (isHeard) world.in(this.#delay(), process, () => resolve(response));
          });
        if (weather === 'lost') return;
        world.in(this.#delay(), undefined, () => arrive(weather !== 'answer-lost'));
        if (weather === 'twice') world.in(this.#delay() * 5, undefined, () => arrive(false));
      });
    });
  }

  #delay(): number {
    // Most packets are fast.
    const { random } = this.#world;
    return random.chance(0.9) ? random.whole(1, 5) : random.whole(1, this.latency);
  }
}

/** One for all: the trace of an error takes longer than most events. */
const FAILED = new TypeError('fetch failed');
const ABORTED = new Error('aborted');

/** Returns the host of a URL. */
function hostOf(url: string): string {
  return /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? '';
}
