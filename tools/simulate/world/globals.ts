import { ServerSocket } from '../relay/server-socket.ts';
import type { Globals } from './product.ts';
import type { Random } from './random.ts';
import type { Process, World } from './world.ts';

/** What a run gives the product in place of the clocks, timers and networks of its hosts. */
export interface Surroundings {
  readonly world: World;
  /** A request to another relay. */
  fetch(url: string, init: PostInit): Promise<unknown>;
}

export interface PostInit {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal?: VirtualSignal | undefined;
}

/** Where product code looks for the run that it is in. One run is at work at a time. */
export class Stage {
  surroundings: Surroundings | undefined;

  get world(): World {
    if (this.surroundings === undefined) throw new Error('product code runs outside of a run');
    return this.surroundings.world;
  }

  get process(): Process {
    const { current } = this.world;
    if (current === undefined) throw new Error('product code runs outside of a process');
    return current;
  }

  get random(): Random {
    return this.world.random;
  }
}

/** Returns the globals of the product: all time, chance and input and output come from the run. */
export function globalsOf(stage: Stage): Globals {
  const now = () => stage.process.machine.time;
  class VirtualDate extends Date {
    constructor(...args: [] | [number | string]) {
      super(args[0] ?? now());
    }
    static override now(): number {
      return now();
    }
  }
  const say = (level: string) => (text: unknown) =>
    stage.world.note(() => `${stage.process.machine.name}: ${level}: ${String(text)}`);
  return {
    Date: VirtualDate,
    // A monotonic clock does not step.
    performance: { now: () => stage.world.now },
    Math: Object.defineProperties(
      {},
      { ...Object.getOwnPropertyDescriptors(Math), random: { value: () => stage.random.next() } },
    ),
    setTimeout: (run: () => void, ms = 0) => stage.process.setTimer(Math.max(1, ms), run),
    clearTimeout: (id: number | undefined) => stage.process.clearTimer(id),
    setInterval: (run: () => void, ms: number) => stage.process.setTimer(Math.max(1, ms), run, true),
    clearInterval: (id: number | undefined) => stage.process.clearTimer(id),
    scheduler: {
      wait: (ms: number, options?: { readonly signal?: VirtualSignal }) => wait(stage.process, ms, options?.signal),
    },
    crypto: {
      randomUUID: () => Array.from({ length: 4 }, () => stage.random.next().toString(16).slice(2, 10)).join('-'),
      getRandomValues: (array: Uint8Array | Uint32Array) => {
        // A smaller kind of array cuts them.
        for (let index = 0; index < array.length; index += 1) array[index] = stage.random.whole(0, 0xffff_ffff);
        return array;
      },
    },
    console: { log: say('log'), info: say('info'), warn: say('warn'), error: say('error') },
    AbortController: VirtualAbortController,
    fetch: (url: string, init: PostInit) => stage.surroundings?.fetch(url, init),
    Response: class {
      readonly status: number;
      readonly webSocket: unknown;
      constructor(_body: unknown, { status, webSocket }: { status: number; webSocket?: unknown }) {
        this.status = status;
        this.webSocket = webSocket;
      }
    },
    WebSocketPair: class {
      readonly 0: ServerSocket;
      readonly 1: ServerSocket;
      constructor() {
        // The relay keeps one end, and hands the other one on only to say which it is.
        this[0] = new ServerSocket(stage.world);
        this[1] = this[0];
      }
    },
    WebSocketRequestResponsePair: class {},
  };
}

/** One for all: the trace of an error takes longer than most events. */
const ABORTED = new Error('the wait was aborted');

/** Ends waits early. The real one takes longer than all that it ends. */
class VirtualSignal {
  aborted = false;
  readonly #listeners = new Set<() => void>();

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }
}

class VirtualAbortController {
  readonly signal = new VirtualSignal();

  abort(): void {
    this.signal.abort();
  }
}

/** As `scheduler.wait`: rejects when it is aborted. */
function wait(process: Process, ms: number, signal: VirtualSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      process.clearTimer(timer);
      reject(ABORTED);
    };
    const timer = process.setTimer(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort);
  });
}
