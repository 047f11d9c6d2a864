import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineOf } from '../../tools/conformance/report.ts';
import { type Run, run } from '../../tools/conformance/run.ts';
import { THEME_NAMES, type Theme } from '../../tools/conformance/themes.ts';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { type LocalRelay, startRelay } from '../../tools/local-relay/relay.ts';

/** An answer may be late on a busy machine. */
const PATIENCE_MS = 20_000;

let chain: DevChain;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 500 });
});
afterAll(() => chain.close());

/** Runs themes against a relay of our software, through the chain. Returns the lines of failed cases. */
async function failuresOf(
  relay: LocalRelay,
  themes: readonly Theme[],
  { limits, other }: { limits?: Run['limits']; other?: LocalRelay } = {},
): Promise<string[]> {
  const fakes = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`] as const;
  const results = await run({
    relay: relay.wsUrl,
    chain: chain.wsUrl,
    twins: DEV_TWINS,
    domains: { relay: new URL(relay.wsUrl).host, fakes, other: other && new URL(other.wsUrl).host },
    otherRelay: other?.wsUrl,
    limits,
    themes,
    patience: PATIENCE_MS,
  });
  expect(results.length).toBeGreaterThan(themes.length);
  return results.filter(({ verdict }) => verdict.state === 'fail').map((result) => lineOf(result, false));
}

describe('our relay', () => {
  it('keeps the protocol or differs as intended', async () => {
    const settings = { SUBSTRATE_URLS: chain.httpUrl, FEDERATION_SCHEME: 'http' };
    await using relay = await startRelay({ settings });
    await using other = await startRelay({ settings });
    const themes = THEME_NAMES.filter((theme) => theme !== 'limits');
    expect(await failuresOf(relay, themes, { other })).toEqual([]);
  }, 300_000);

  it('keeps its limits', async () => {
    const settings = { SUBSTRATE_URLS: chain.httpUrl, RATE_LIMIT_MESSAGES: '5', RATE_LIMIT_BYTES: '2000' };
    await using relay = await startRelay({ settings });
    expect(await failuresOf(relay, ['limits'], { limits: { messages: 5, bytes: 2000 } })).toEqual([]);
  }, 300_000);
});
