import type { TwinRpc } from '../../../durable-objects/contract.ts';
import { copyOf } from '../world/copy.ts';
import type { Process, World } from '../world/world.ts';
import type { TwinPlace } from './twin-place.ts';

/** Most milliseconds that a call or its answer takes. */
const CALL_MS = 3;
/** The methods of a twin’s object that the Worker calls. */
type Callee = Pick<TwinRpc, 'deliver' | 'follow'>;

const NEVER = new Promise<never>(() => undefined);
/** Has the type of a twin’s object: every method of it is a call. */
const NOBODY: Callee = { deliver: () => NEVER, follow: () => NEVER };

/** Calls between the objects of one relay: answered, or rejected when the callee dies first. */
export class Calls {
  readonly #world: World;
  readonly #isUp: () => boolean;
  /** When the last call from one to another arrives: calls arrive in order, and so do their answers. */
  readonly #last = new Map<string, number>();

  /** @param isUp whether the relay runs */
  constructor(world: World, isUp: () => boolean) {
    this.#world = world;
    this.#isUp = isUp;
  }

  /** Returns the callee’s methods, as another object sees them. */
  to(place: TwinPlace): Callee {
    return new Proxy(NOBODY, {
      get: (_, method) =>
        typeof method === 'string' && method !== 'then'
          ? (...args: unknown[]) => this.#call(place, method, args)
          : undefined,
    });
  }

  #call(place: TwinPlace, method: string, args: readonly unknown[]): Promise<unknown> {
    const from = this.#world.current;
    return new Promise((resolve, reject) => {
      const start = () => {
        if (from !== undefined) from.calls += 1;
        const settle = (act: () => void) => {
          this.#world.in(this.#delay(place.machine.name, from?.machine.name), from, () => {
            if (from !== undefined) from.calls -= 1;
            act();
          });
        };
        const sent = copyOf(args);
        this.#world.in(this.#delay(from?.machine.name, place.machine.name), undefined, () => {
          if (this.#isUp()) arrive(place, method, sent, { resolve, reject, settle });
          else settle(() => reject(new Error('the relay is gone')));
        });
      };
      if (from === undefined) start();
      else from.effect('call', start);
    });
  }

  #delay(from: string | undefined, to: string | undefined): number {
    const { now, random } = this.#world;
    const way = `${from}>${to}`;
    const at = Math.max(now + random.whole(0, CALL_MS), this.#last.get(way) ?? 0);
    this.#last.set(way, at);
    return at - now;
  }
}

/** The caller’s side of a call that has arrived. */
interface Caller {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Does something once the answer has come back. */
  settle(act: () => void): void;
}

function arrive(place: TwinPlace, method: string, args: unknown, { resolve, reject, settle }: Caller): void {
  place.run((instance, process: Process) => {
    const done = place.awaited(() => settle(() => reject(new Error('the object was reset'))));
    const called: unknown = Reflect.get(instance, method);
    if (typeof called !== 'function') {
      done();
      settle(() => reject(new TypeError(`no method ${method}`)));
      return;
    }
    Promise.resolve(Reflect.apply(called, instance, Array.isArray(args) ? args : [])).then(
      (value: unknown) => {
        process.effect('answer', () => {
          done();
          const copy = copyOf(value);
          settle(() => resolve(copy));
        });
      },
      (error: unknown) => {
        done();
        settle(() => reject(error));
      },
    );
  });
}
