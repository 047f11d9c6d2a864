import type { LedgerTwin, Terms } from './ledger.ts';
import { option, vector } from './scale.ts';

/**
 * Values of the ledger as the registry takes them: by field names, which are the same on every network, while their
 * order is not ours to know. Bytes go in as SCALE, since the registry would read bare ones as if they were.
 */
export function twinValue({ id, account, relay, entities, pk }: LedgerTwin): object {
  return {
    id,
    accountId: account,
    relay: option(relay),
    entities: entities.map((entity) => ({ entityId: entity.id, signature: vector(entity.signature) })),
    pk: option(pk),
  };
}

export function termsValue(account: string, { timestamp, link, hash }: Terms): object {
  return { accountId: account, timestamp, documentLink: vector(link), documentHash: vector(hash) };
}
