import v8 from 'node:v8';

// Product code is asynchronous. A run is one long turn of the event loop, in which only this ends a turn of virtual time.
v8.setFlagsFromString('--allow-natives-syntax');
const checkpoint = new Function('%PerformMicrotaskCheckpoint()');

/** Runs all microtasks now. Without effect within a microtask: a run starts from `inOwnTurn`. */
export function drainMicrotasks(): void {
  checkpoint();
}

/** Runs something in a turn of the event loop, outside of any microtask. */
export function inOwnTurn<T>(run: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(run());
      } catch (error) {
        reject(error);
      }
    });
  });
}
