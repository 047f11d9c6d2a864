import type { Attempt, Fault } from '../../proto/chain/race.ts';
import { race } from '../../proto/chain/race.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Ask, Connect } from './answers.ts';
import { LateAnswer } from './late-answer.ts';

/** Connections to nodes, by the scheme of their URL. */
export interface ChainConnections {
  readonly http: Connect;
  readonly ws: Connect;
}

/** A configured node. */
export interface ChainNode {
  /** Scheme and host only: a node's path may hold a key. */
  readonly name: string;
  /** Does a piece of work over a new connection; see `Connect`. */
  visit<T>(signal: AbortSignal, work: (ask: Ask) => Promise<Result<T, string>>): Promise<Result<T, string>>;
}

/** The first good answer, and what was wrong with the nodes before it. */
export interface Asked<T> {
  readonly result: Result<T, string>;
  readonly faults: readonly Fault[];
  /** The node that answered. */
  readonly by: string | undefined;
}

function nodeOf(url: string, connections: ChainConnections): ChainNode | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host } = new URL(url);
  const scheme = { 'http:': 'http', 'https:': 'http', 'ws:': 'ws', 'wss:': 'ws' } as const;
  const kind = Object.entries(scheme).find(([name]) => name === protocol)?.[1];
  if (kind === undefined) return undefined;
  return { name: `${protocol}//${host}`, visit: (signal, work) => connections[kind](url, signal, work) };
}

/** The configured nodes, and which of them answered last. Holds no I/O of a request. */
export class ChainNodes {
  readonly #nodes: readonly ChainNode[];
  #preferred: string | undefined;

  /** @param urls as in SUBSTRATE_URLS: http, https, ws or wss, separated by commas or white space */
  constructor(urls: string, connections: ChainConnections) {
    const listed = [...new Set(urls.split(/[\s,]+/))];
    this.#nodes = listed.map((url) => nodeOf(url, connections)).filter((node) => node !== undefined);
  }

  /** Returns the node that answered last, then the others as configured. */
  inOrder(): readonly ChainNode[] {
    const isPreferred = ({ name }: ChainNode) => name === this.#preferred;
    return [...this.#nodes.filter(isPreferred), ...this.#nodes.filter((node) => !isPreferred(node))];
  }

  /** Asks this node first from now on. */
  prefer(name: string): void {
    this.#preferred = name;
  }

  /**
   * Does the work at the node that answered last, or at another if that fails or is slow, within `budget` ms. The error
   * says what each node did.
   * @param hedge after so many ms without an answer the next node is asked as well
   */
  async ask<T>(
    work: (ask: Ask, node: ChainNode) => Promise<Result<T, string>>,
    budget: number,
    hedge?: number,
  ): Promise<Asked<T>> {
    return await this.#race(this.#attempts(work), budget, hedge);
  }

  /**
   * As `ask`. If no node answered in time, `late` resolves with the first answer of the next `patience` ms, otherwise with
   * undefined. Await it: until then the nodes are still asked.
   */
  async askPatiently<T>(
    work: (ask: Ask, node: ChainNode) => Promise<Result<T, string>>,
    budget: number,
    patience: number,
  ): Promise<{ readonly asked: Asked<T>; readonly late: Promise<T | undefined> }> {
    const rest = new LateAnswer<T>();
    const attempts = this.#attempts(work).map((attempt) => rest.outlast(attempt));
    const asked = await this.#race(attempts, budget);
    return { asked, late: rest.end(asked.result.ok ? 0 : patience) };
  }

  #attempts<T>(work: (ask: Ask, node: ChainNode) => Promise<Result<T, string>>): Attempt<T>[] {
    return this.inOrder().map((node) => ({
      name: node.name,
      run: (signal) => node.visit(signal, (ask) => work(ask, node)),
    }));
  }

  async #race<T>(attempts: readonly Attempt<T>[], budget: number, hedge?: number): Promise<Asked<T>> {
    if (attempts.length === 0) {
      return { result: err('SUBSTRATE_URLS names no http(s) or ws(s) URL'), faults: [], by: undefined };
    }
    const { won, faults } = await race(attempts, budget, hedge);
    if (won === undefined) {
      const texts = faults.map(({ name, fault }) => `${name}: ${fault}`);
      return { result: err(texts.join('; ')), faults, by: undefined };
    }
    this.prefer(won.name);
    return { result: ok(won.value), faults, by: won.name };
  }
}
