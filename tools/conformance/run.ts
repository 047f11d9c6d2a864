import { type Case, judge, type Verdict } from './case.ts';
import { settleTwins } from './stage/chain.ts';
import { type FakeRelay, startFakeRelay, type Tls } from './stage/fake-relay.ts';
import { Stage, type Subject } from './stage/stage.ts';
import { castOf, type Domains, relayStrings, type TwinKey } from './stage/twins.ts';
import { THEMES, type Theme } from './themes.ts';

/** The result of one case. */
export interface Result {
  readonly theme: Theme;
  readonly tried: Case;
  readonly verdict: Verdict;
  readonly ms: number;
}

/** The input of a run; times in ms. */
export interface Run {
  readonly relay: string;
  /** URL of a chain node; undefined: the chain already has the twins of the roles. */
  readonly chain?: string | undefined;
  readonly twins: readonly TwinKey[];
  readonly domains: Domains;
  readonly otherRelay?: string | undefined;
  readonly tls?: Tls | undefined;
  readonly limits?: Subject['limits'];
  readonly themes: readonly Theme[];
  readonly patience: number;
}

/** This theme mostly waits for timeouts of other relays, so it runs beside the others. */
const SLOW: Theme = 'federation-out';
const MOST_TRIES = 5;

/**
 * Writes the twins of the roles on chain, then runs the themes. The relay caches twins, so the chain comes first.
 * @param tell receives each result
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

/** Returns the counts of a run. */
export function countOf(results: readonly Result[]): { passed: number; differing: number; failed: number } {
  const count = (state: Verdict['state']) => results.filter(({ verdict }) => verdict.state === state).length;
  return { passed: count('pass') + count('differs'), differing: count('differs'), failed: count('fail') };
}

/**
 * Tries a case, and tries it again when the relay could not reach the chain in time. On a busy machine the first
 * look-up of a twin may exceed the relay's time limit, which says nothing about a rule.
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
    // A missing answer or an exception is the observation.
    return { state: 'fail', saw: error instanceof Error ? error.message : String(error), expected: tried.reference };
  }
}

/** Starts the suite’s own relays, if a theme needs them. */
async function startFakes({ themes, domains, tls }: Run): Promise<{ relays: FakeRelay[] } & AsyncDisposable> {
  const relays: FakeRelay[] = [];
  const stop = async () => {
    await Promise.all(relays.map((relay) => relay.shut()));
  };
  if (themes.includes(SLOW)) for (const domain of domains.fakes) relays.push(await startFakeRelay(domain, tls));
  return { relays, [Symbol.asyncDispose]: stop };
}
