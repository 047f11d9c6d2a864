import { createClient } from 'redis';
import { z } from 'zod';

/**
 * Redis may die between a command and its answer. Each step here has a number in Redis, so a step that is tried again
 * takes effect once: otherwise the programs, and not the product, would lose or repeat messages.
 */

/** Pushes entries to a list unless a step of this number was taken before. */
const PUSH = `
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return 0 end
for n = 2, #ARGV do redis.call('LPUSH', KEYS[2], ARGV[n]) end
redis.call('SET', KEYS[1], ARGV[1])
return 1`;

/**
 * When batch ARGV[1] is the current one, it is done: its answers (pairs of a list and an entry) are pushed, and the next
 * batch is moved aside. Otherwise this happened before. Returns the number of the current batch, and its entries.
 */
const TURN = `
local current = tonumber(redis.call('GET', KEYS[1]) or '0')
if current == tonumber(ARGV[1]) then
  for n = 3, #ARGV, 2 do redis.call('LPUSH', ARGV[n], ARGV[n + 1]) end
  redis.call('DEL', KEYS[2])
  local left = tonumber(ARGV[2])
  for source = 3, #KEYS do
    while left > 0 and redis.call('LMOVE', KEYS[source], KEYS[2], 'RIGHT', 'LEFT') do left = left - 1 end
  end
  if left == tonumber(ARGV[2]) and #ARGV == 2 then return {current, {}} end
  current = current + 1
  redis.call('SET', KEYS[1], current)
end
return {current, redis.call('LRANGE', KEYS[2], 0, -1)}`;

const MOST_A_BATCH = 200;
const IDLE_MS = 5;
/** A Redis that restarts is back within a second. */
const RETRY_MS = 50;

const turn = z.tuple([z.number(), z.array(z.string())]);

/** An entry for a list. */
interface Addressed {
  readonly list: string;
  readonly entry: string;
}

/** A program's connection to a Redis that may die, restart or pause at any moment. */
export interface Lasting extends AsyncDisposable {
  /** Pushes entries to a list, each exactly once. Resolves with whether Redis has them: false when the connection was closed. */
  push(list: string, entries: readonly string[]): Promise<boolean>;
  /** Takes each entry of these lists exactly once, the oldest first, and pushes what `handle` answers. */
  takeAll(lists: readonly string[], handle: (entries: readonly string[]) => readonly Addressed[]): void;
}

/** Opens one. @param name of its keys, unique in this Redis */
export async function openLasting(url: string, name: string): Promise<Lasting> {
  const client = createClient({ url, socket: { reconnectStrategy: RETRY_MS } });
  client.on('error', () => undefined);
  await client.connect();
  let isClosed = false;
  let pushes = 0;
  let taking: Promise<void> | undefined;

  /** Runs a script until Redis has answered it; resolves with undefined once this connection was closed. */
  const run = async (script: string, keys: string[], args: string[]) => {
    while (!isClosed) {
      try {
        return await client.eval(script, { keys, arguments: args });
      } catch {
        await pause(RETRY_MS);
      }
    }
    return undefined;
  };

  const takeAll: Lasting['takeAll'] = (lists, handle) => {
    const keys = [`${name}.batch`, `${name}.taken`, ...lists];
    taking = (async () => {
      let done = 0;
      let answers: readonly Addressed[] = [];
      while (!isClosed) {
        const pairs = answers.flatMap(({ list, entry }) => [list, entry]);
        const answer = await run(TURN, keys, [String(done), String(MOST_A_BATCH), ...pairs]);
        if (answer === undefined) return;
        const [current, newestFirst] = turn.parse(answer);
        answers = current === done ? [] : handle(newestFirst.reverse());
        if (newestFirst.length === 0) await pause(IDLE_MS);
        done = current;
      }
    })();
  };

  return {
    push: async (list, entries) => {
      pushes += 1;
      return (await run(PUSH, [`${name}.pushed`, list], [String(pushes), ...entries])) !== undefined;
    },
    takeAll,
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      client.destroy();
      await taking;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
