import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import { getStorageCall, storageOf } from './json-rpc.ts';
import type { Attempt } from './race.ts';
import { race } from './race.ts';
import { twinStorageKey } from './storage-key.ts';
import { decodeTwin } from './twin-record.ts';

/** One JSON-RPC call to one URL: the answer's text, or what went wrong. Must not reject. */
type Call = (url: string, call: string, signal: AbortSignal) => Promise<Result<string, string>>;

/** How nodes are spoken to, by the scheme of their URL. */
export interface ChainCalls {
  readonly http: Call;
  readonly ws: Call;
}

interface Node {
  /** Scheme and host alone: a node's path may hold a key. */
  readonly name: string;
  readonly url: string;
  readonly call: Call;
}

function nodeOf(url: string, calls: ChainCalls): Node | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host } = new URL(url);
  const name = `${protocol}//${host}`;
  if (protocol === 'http:' || protocol === 'https:') return { name, url, call: calls.http };
  if (protocol === 'ws:' || protocol === 'wss:') return { name, url, call: calls.ws };
  return undefined;
}

function twinOf(id: number, text: string): Result<Twin | undefined, string> {
  const stored = storageOf(text);
  if (!stored.ok) return stored;
  if (stored.value === undefined) return ok(undefined);
  const twin = decodeTwin(stored.value);
  if (!twin.ok) return err(`its twin ${id} cannot be decoded: ${twin.error}`);
  return twin.value.id === id ? twin : err(`it answered with twin ${twin.value.id}`);
}

/** The twins on chain, by way of whichever configured node answers first. Holds no I/O of any request. */
export class ChainTwins {
  readonly #nodes: readonly Node[];
  #last: string | undefined;

  /** @param urls as in SUBSTRATE_URLS: http, https, ws or wss, separated by commas or white space */
  constructor(urls: string, calls: ChainCalls) {
    const listed = [...new Set(urls.split(/[\s,]+/))];
    this.#nodes = listed.map((url) => nodeOf(url, calls)).filter((node) => node !== undefined);
  }

  /**
   * Reads twin `id` within `budget` ms: undefined where the chain has none, an error that says what each node did.
   * The node that answered last is asked first.
   */
  async read(id: number, budget: number): Promise<Result<Twin | undefined, string>> {
    if (this.#nodes.length === 0) return err('SUBSTRATE_URLS names no http(s) or ws(s) URL');
    const call = getStorageCall(twinStorageKey(id));
    const [first, others] = [this.#nodes.filter(this.#wasLast), this.#nodes.filter((node) => !this.#wasLast(node))];
    const attempts = [...first, ...others].map(
      (node): Attempt<Twin | undefined> => ({
        name: node.name,
        run: async (signal) => {
          const text = await node.call(node.url, call, signal);
          return text.ok ? twinOf(id, text.value) : text;
        },
      }),
    );
    const won = await race(attempts, budget);
    if (!won.ok) return won;
    this.#last = won.value.name;
    return ok(won.value.value);
  }

  readonly #wasLast = (node: Node) => node.name === this.#last;
}
