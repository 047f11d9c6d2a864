import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../conformance/run.ts';
import { castOf, type Domains, ROLES, relayStrings } from '../conformance/twins.ts';
import { type DevChain, startDevChain } from '../dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../dev-chain/dev-twins.ts';
import { startRelay } from '../local-relay/relay.ts';
import { bundleMutant } from './rig/mutant.ts';
import { MUTANTS } from './rig/mutants.ts';

/** All relays of this file go by one name, so that the twins need not be moved for each. */
const DOMAINS: Domains = { relay: 'relay.example', fakes: ['elsewhere.invalid', 'nowhere.invalid'] };

/** On a busy machine even what comes may come late; only what a mutant leaves out takes as long. */
const PATIENCE_MS = 15_000;

let chain: DevChain;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 1000 });
  const cast = await castOf(DEV_TWINS);
  const relays = relayStrings(DOMAINS);
  for (const role of ROLES) {
    const { id, identity } = cast[role];
    const account: `0x${string}` = `0x${Buffer.from(identity.account).toString('hex')}`;
    chain.putTwin({ id, account, relay: relays[role], pk: null });
  }
});
afterAll(() => chain.close());

describe.concurrent('a relay that lacks a rule fails just the cases of that rule', () => {
  it.each(MUTANTS)(
    '$rule',
    async ({ change, themes, seenBy, limits }) => {
      await using relay = await startRelay({
        settings: {
          SUBSTRATE_URLS: chain.httpUrl,
          RELAY_DOMAINS: DOMAINS.relay,
          ...(limits && { RATE_LIMIT_MESSAGES: String(limits.messages), RATE_LIMIT_BYTES: String(limits.bytes) }),
        },
        bundle: (entry) => bundleMutant(entry, change),
      });
      const results = await run({
        relay: relay.wsUrl,
        twins: DEV_TWINS,
        domains: DOMAINS,
        themes,
        patience: PATIENCE_MS,
        limits,
      });
      const failed = results.filter(({ verdict }) => verdict.state === 'fail');
      expect(failed.map(({ theme, tried }) => `${theme}/${tried.name}`)).toEqual(seenBy);
    },
    120_000,
  );
});
