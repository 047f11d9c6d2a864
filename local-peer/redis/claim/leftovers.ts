import { RESP_TYPES } from 'redis';
import type { RedisConnection } from '../connection/connection.ts';
import { fieldOf, readField, SEALED_PLACE } from './claimed-entry.ts';

/** Entries that are read back at once. */
const CHUNK = 32;

/** An entry in the hash, and the settled places in its list of destinations. */
export interface Leftover {
  readonly order: number;
  readonly uid: string;
  readonly text: string;
  readonly settled: ReadonlySet<number>;
  /** The envelope that it became; a relay may have had it. */
  readonly sealed: Uint8Array | undefined;
}

/**
 * The entries of a hash that are not in memory, oldest first. Marks without their entry are removed.
 * @param isInHands whether the entry of a field is in memory
 */
export async function* leftIn(
  { redis, key, queue }: { redis: RedisConnection; key: string; queue: string },
  isInHands: (field: string) => boolean,
): AsyncGenerator<Leftover> {
  const list = () => redis.run((client) => client.hKeys(key));
  const all = (await redis.need(`looking for what is left of ${queue}`, list)).sort();
  const settled = Map.groupBy(
    all.flatMap((field) => readField(field) ?? []).filter(({ place }) => place !== undefined),
    ({ order, uid }) => fieldOf(order, uid),
  );
  const entries = new Set(all);
  const orphans = [...settled]
    .filter(([field]) => !entries.has(field))
    .flatMap(([field, places]) => places.map(({ place }) => `${field}#${place}`));
  if (orphans.length > 0) await redis.run((client) => client.hDel(key, orphans));
  const left = all.filter((field) => !isInHands(field) && readField(field)?.place === undefined);
  for (let from = 0; from < left.length; from += CHUNK) {
    const fields = left.slice(from, from + CHUNK);
    const found = await redis.run((client) => client.hmGet(key, fields));
    const envelopes = await sealedIn(redis, key, fields);
    for (const [n, text] of found.entries()) {
      const field = fields[n] ?? '';
      const parts = readField(field);
      if (text === null || parts === undefined) continue;
      const places = (settled.get(field) ?? []).flatMap(({ place }) => place ?? []);
      yield { order: parts.order, uid: parts.uid, text, settled: new Set(places), sealed: envelopes[n] };
    }
  }
}

/** Returns the sealed envelopes of some entries. A mark under the same name, of a request, is empty. */
async function sealedIn(redis: RedisConnection, key: string, fields: string[]): Promise<(Uint8Array | undefined)[]> {
  const names = fields.map((field) => `${field}#${SEALED_PLACE}`);
  const asBytes = { [RESP_TYPES.BLOB_STRING]: Buffer };
  const values = await redis.run((client) => client.withTypeMapping(asBytes).hmGet(key, names));
  return values.map((bytes) => (bytes === null || bytes.length === 0 ? undefined : bytes));
}
