/** Returns whether a handler returned several replies. */
export function isSeveral<T>(reply: T | AsyncIterable<T, unknown>): reply is AsyncIterable<T, unknown> {
  return typeof reply === 'object' && reply !== null && Symbol.asyncIterator in reply;
}

/** Returns what `map` makes of each item. It is no generator: the `return` of one waits for a step that may never end. */
export function mapEach<T, Mapped>(
  items: AsyncIterable<T, unknown>,
  map: (item: T) => Mapped | Promise<Mapped>,
): AsyncIterable<Mapped, undefined> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = items[Symbol.asyncIterator]();
      const end = { done: true, value: undefined } as const;
      return {
        async next() {
          const item = await iterator.next();
          return item.done === true ? end : { done: false, value: await map(item.value) };
        },
        async return() {
          await iterator.return?.();
          return end;
        },
      };
    },
  };
}
