import { type Case, judge, type Verdict } from './case.ts';
import { settleTwins } from './chain.ts';
import { type FakeRelay, startFakeRelay, type Tls } from './fake-relay.ts';
import { Stage, type Subject } from './stage.ts';
import { THEMES, type Theme } from './themes.ts';
import { castOf, type Domains, relayStrings, type TwinKey } from './twins.ts';

/** What became of one case. */
export interface Result {
  readonly theme: Theme;
  readonly tried: Case;
  readonly verdict: Verdict;
  readonly ms: number;
}

/** The whole of a run; times in ms. */
export interface Run {
  readonly relay: string;
  /** Where a node of the chain listens; undefined: what the roles need stands on chain already. */
  readonly chain?: string | undefined;
  readonly twins: readonly TwinKey[];
  readonly domains: Domains;
  readonly otherRelay?: string | undefined;
  readonly tls?: Tls | undefined;
  readonly limits?: Subject['limits'];
  readonly themes: readonly Theme[];
  readonly patience: number;
}

/** Spends most of its time waiting for other relays’ time-outs: it runs beside the others. */
const SLOW: Theme = 'federation-out';

/**
 * Writes on chain what the roles need, before anything is asked of the relay (it may remember what it read), then
 * runs the themes. @param tell each result as it comes
 */
export async function run(what: Run, tell: (result: Result) => void = () => undefined): Promise<readonly Result[]> {
  const cast = await castOf(what.twins);
  if (what.chain !== undefined) await settleTwins(what.chain, cast, relayStrings(what.domains));
  await using fakes = await startFakes(what);
  const subject: Subject = {
    wsUrl: what.relay,
    httpUrl: what.relay.replace(/^ws/, 'http'),
    domains: what.domains,
    cast,
    patience: what.patience,
    fakes: fakes.relays,
    otherWsUrl: what.otherRelay,
    limits: what.limits,
  };
  const results: Result[] = [];
  const inTurn = async (themes: readonly Theme[]) => {
    for (const theme of themes) {
      for (const tried of THEMES[theme]) {
        const result = await tryCase(subject, theme, tried);
        results.push(result);
        tell(result);
      }
    }
  };
  await Promise.all([
    inTurn(what.themes.filter((theme) => theme !== SLOW)),
    inTurn(what.themes.filter((theme) => theme === SLOW)),
  ]);
  return results;
}

/** The counts of a run. */
export function countOf(results: readonly Result[]): { passed: number; differing: number; failed: number } {
  const count = (state: Verdict['state']) => results.filter(({ verdict }) => verdict.state === state).length;
  return { passed: count('pass') + count('differs'), differing: count('differs'), failed: count('fail') };
}

async function tryCase(subject: Subject, theme: Theme, tried: Case): Promise<Result> {
  const began = performance.now();
  let verdict: Verdict;
  try {
    await using stage = new Stage(subject);
    verdict = judge(tried, await tried.observe(stage));
  } catch (error) {
    // What did not come, or broke, is what was seen.
    const saw = error instanceof Error ? error.message : String(error);
    verdict = { state: 'fail', saw, expected: tried.reference };
  }
  return { theme, tried, verdict, ms: performance.now() - began };
}

/** The suite’s own relays, where a theme asks for them. */
async function startFakes({ themes, domains, tls }: Run): Promise<{ relays: FakeRelay[] } & AsyncDisposable> {
  const relays: FakeRelay[] = [];
  const stop = async () => {
    await Promise.all(relays.map((relay) => relay.shut()));
  };
  if (themes.includes(SLOW)) for (const domain of domains.fakes) relays.push(await startFakeRelay(domain, tls));
  return { relays, [Symbol.asyncDispose]: stop };
}
