import type { Result } from '../proto/result.ts';
import { err, ok } from '../proto/result.ts';
import { ScaleFault, ScaleReader } from './scale-reader.ts';

/** Nonce and three counts of references, u32 each, stand before the balance. */
const BEFORE_BALANCE = 16;
/** After what is free: reserved, frozen and flags. */
const AFTER_FREE = 48;

/**
 * What an account has free, in the chain's smallest unit, out of a value of `System.Account`. Never throws: what does
 * not fit exactly is refused with what was wrong.
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
