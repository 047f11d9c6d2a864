import type { LedgerTwin, Terms } from '../ledger/ledger.ts';
import { option, vector } from './scale.ts';

/**
 * Values of the ledger in the registry's form: by field names, which are the same on every network, while their order
 * may differ. Bytes are given as SCALE, because the registry decodes bare bytes as SCALE.
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
