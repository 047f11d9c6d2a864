import { ScaleReader } from '../../proto/chain/scale-reader.ts';
import { twinIdStorageKey, twinStorageKey } from '../../proto/chain/storage-key.ts';
import { decodeTwin } from '../../proto/chain/twin-record.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { ChainSession } from './chain-session.ts';

/** The part of a session that questions need. */
type Asked = Pick<ChainSession, 'isTfchain' | 'stored'>;

/** A fault, for people. */
export const NO_TFCHAIN = 'this chain is no tfchain: it has no TfgridModule';

/** Resolves with a node's record of a twin; undefined if there is no such twin. The error is for people. */
export async function twinById({ isTfchain, stored }: Asked, id: number): Promise<Result<Twin | undefined, string>> {
  if (!isTfchain) return err(NO_TFCHAIN);
  const bytes = await stored(twinStorageKey(id));
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined) return ok(undefined);
  const twin = decodeTwin(bytes.value);
  if (!twin.ok) return err(`it cannot be read: ${twin.error}`);
  return twin.value.id === id ? twin : err(`the node answered with twin ${twin.value.id}`);
}

/** Resolves with a node's id of an account's twin; undefined if it has no twin. The error is for people. */
export async function twinIdOf(
  { isTfchain, stored }: Asked,
  account: Uint8Array,
): Promise<Result<number | undefined, string>> {
  if (!isTfchain) return err(NO_TFCHAIN);
  const bytes = await stored(twinIdStorageKey(account));
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined) return ok(undefined);
  if (bytes.value.length !== 4) return err(`it cannot be read: ${bytes.value.length} bytes`);
  const id = new ScaleReader(bytes.value).u32();
  // Ids start at 1.
  return ok(id === 0 ? undefined : id);
}
