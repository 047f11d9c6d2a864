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
const MOST_TRIES = 5;

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

/**
 * Tries a case; again when the relay says that it could not ask the chain in time, which is no word on any rule: on a
 * busy machine the first look-up of a twin may be too slow for the relay's own patience.
 */
async function tryCase(subject: Subject, theme: Theme, tried: Case): Promise<Result> {
  const began = performance.now();
  for (let left = MOST_TRIES; ; left -= 1) {
    const verdict = await verdictOn(subject, tried);
    if (left === 1 || !isWithoutChain(verdict)) return { theme, tried, verdict, ms: performance.now() - began };
  }
}

function isWithoutChain(verdict: Verdict): boolean {
  return verdict.state === 'fail' && JSON.stringify(verdict.saw).includes('cannot be looked up');
}

async function verdictOn(subject: Subject, tried: Case): Promise<Verdict> {
  try {
    await using stage = new Stage(subject);
    return judge(tried, await tried.observe(stage));
  } catch (error) {
    // What did not come, or broke, is what was seen.
    return { state: 'fail', saw: error instanceof Error ? error.message : String(error), expected: tried.reference };
  }
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
