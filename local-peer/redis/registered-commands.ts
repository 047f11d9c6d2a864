import { z } from 'zod';
import { LIST_VERSION, type ListedCommand, readCommand } from '../../client/discovery/command-list.ts';
import type { RedisConnection } from './connection/connection.ts';
import { KEYS } from './queues.ts';
import { script } from './scripts.ts';

/** Registrations that are read for one answer, those that end last. */
const MOST_READ = 1_000;
/** A later end is no Unix time in seconds: its command would be listed for ever. */
const LONGEST_SECONDS = 86_400;
/** A longer registration is ignored, characters. */
const MAX_LENGTH = 16_384;
/** Limit for an answer of Redis, ms: the caller waits for 5 s. */
const PATIENCE_MS = 3_000;

/**
 * Returns the registrations that have not ended, and removes the others. KEYS commands; ARGV now, the latest end in Unix
 * seconds, most. A key of another kind has none.
 */
const READ = script(`
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then return {} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
return redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[2], ARGV[1], 'LIMIT', 0, ARGV[3])
`);
const registrations = z.array(z.string());

/**
 * Returns the commands that services here have registered, each once, as its latest registration has it.
 * Throws when Redis does not answer.
 */
export async function registeredCommands(redis: RedisConnection): Promise<readonly ListedCommand[]> {
  const now = Math.floor(Date.now() / 1000);
  const args = [now, now + LONGEST_SECONDS, MOST_READ].map(String);
  const until = performance.now() + PATIENCE_MS;
  const texts = await redis.evaluate(READ, [KEYS.commands], args, until).catch((cause: unknown) => {
    // The text goes to a stranger.
    throw new Error('the list of commands cannot be read here now: try again later', { cause });
  });
  const commands = registrations.parse(texts).map(readRegistration);
  const byName = new Map<string, ListedCommand>();
  for (const each of commands) if (each !== undefined && !byName.has(each.name)) byName.set(each.name, each);
  return [...byName.values()];
}

/** Reads a registration; undefined for any other text, and for a later version. */
export function readRegistration(text: string): ListedCommand | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return versioned.safeParse(value).success ? readCommand(value) : undefined;
  } catch {
    return undefined;
  }
}

const versioned = z.object({ ver: z.literal(LIST_VERSION) });
