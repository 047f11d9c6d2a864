import type { Result } from '../result.ts';
import { err, ok } from '../result.ts';
import { ScaleFault, ScaleReader } from './scale-reader.ts';

/** Bytes before the balance: nonce and three counts of references, u32 each. */
const BEFORE_BALANCE = 16;
/** Bytes after the free balance: reserved, frozen and flags. */
const AFTER_FREE = 48;

/**
 * Decodes the free balance of an account, in the chain's smallest unit, from a value of `System.Account`. Never throws: a
 * value that does not fit exactly is refused with a reason.
 */
export function decodeFree(scale: Uint8Array): Result<bigint, string> {
  const reader = new ScaleReader(scale);
  try {
    reader.skip(BEFORE_BALANCE);
    const free = reader.u128();
    reader.skip(AFTER_FREE);
    reader.end();
    return ok(free);
  } catch (fault) {
    if (fault instanceof ScaleFault) return err(`its balance cannot be read: ${fault.message}`);
    throw fault;
  }
}
