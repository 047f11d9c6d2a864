type End = () => PromiseLike<void> | void;
type Disposing = AsyncDisposable | Disposable | null | undefined;

/** What `await using` needs and Node 22 lacks: ends what it was given, the last first. */
class Stack implements AsyncDisposableStack {
  readonly [Symbol.toStringTag] = 'AsyncDisposableStack';
  #ends: End[] = [];
  #isDisposed = false;

  get disposed(): boolean {
    return this.#isDisposed;
  }

  use<T extends Disposing>(value: T): T {
    if (value !== null && value !== undefined) this.defer(() => end(value));
    return value;
  }

  adopt<T>(value: T, onDispose: (value: T) => PromiseLike<void> | void): T {
    this.defer(() => onDispose(value));
    return value;
  }

  defer(onDispose: End): void {
    if (this.#isDisposed) throw new ReferenceError('this stack has been disposed of');
    this.#ends.push(onDispose);
  }

  move(): Stack {
    const moved = new Stack();
    moved.#ends = this.#ends;
    this.#ends = [];
    this.#isDisposed = true;
    return moved;
  }

  async disposeAsync(): Promise<void> {
    this.#isDisposed = true;
    const faults: unknown[] = [];
    for (let last = this.#ends.pop(); last !== undefined; last = this.#ends.pop()) {
      try {
        await last();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length === 1) throw faults[0];
    if (faults.length > 1) throw new AggregateError(faults, 'several things could not be ended');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync();
  }
}

function end(value: AsyncDisposable | Disposable): PromiseLike<void> | void {
  return Symbol.asyncDispose in value ? value[Symbol.asyncDispose]() : value[Symbol.dispose]();
}

/** The bundle takes this for the global: the platform's own where there is one. */
const Chosen = globalThis.AsyncDisposableStack ?? Stack;

export { Chosen as AsyncDisposableStack, Stack };
