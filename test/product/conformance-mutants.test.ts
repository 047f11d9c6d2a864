import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../tools/conformance/run.ts';
import { castOf, type Domains, ROLES, relayStrings } from '../../tools/conformance/stage/twins.ts';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { startRelay } from '../../tools/local-relay/relay.ts';
import { bundleMutant } from '../rig/mutants/mutant.ts';
import { MUTANTS } from '../rig/mutants/mutants.ts';

/** All relays of this file have one name, so that no twin has to move for each. */
const DOMAINS: Domains = { relay: 'relay.example', fakes: ['elsewhere.invalid', 'nowhere.invalid'] };

/** An answer may be late on a busy machine; only an answer that a mutant omits takes this long. */
const PATIENCE_MS = 30_000;

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

describe.concurrent('a relay without a rule fails only the cases of that rule:', () => {
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
