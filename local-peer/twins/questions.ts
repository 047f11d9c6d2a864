import { ScaleReader } from '../../chain/scale-reader.ts';
import { twinIdStorageKey, twinStorageKey } from '../../chain/storage-key.ts';
import { decodeTwin } from '../../chain/twin-record.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { ChainSession } from './chain-session.ts';

/** What questions need of a session. */
type Asked = Pick<ChainSession, 'isTfchain' | 'stored'>;

/** For people. */
export const NO_TFCHAIN = 'this chain is no tfchain: it has no TfgridModule';

/** A twin as a node has it; undefined: there is none. The error is for people. */
export async function twinById({ isTfchain, stored }: Asked, id: number): Promise<Result<Twin | undefined, string>> {
  if (!isTfchain) return err(NO_TFCHAIN);
  const bytes = await stored(twinStorageKey(id));
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined) return ok(undefined);
  const twin = decodeTwin(bytes.value);
  if (!twin.ok) return err(`it cannot be read: ${twin.error}`);
  return twin.value.id === id ? twin : err(`the node answered with twin ${twin.value.id}`);
}

/** The id of an account's twin as a node has it; undefined: it has none. The error is for people. */
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
  // Twins are counted from 1: 0 is nobody's.
  return ok(id === 0 ? undefined : id);
}
