import { Random } from '../input/random.ts';
import type { Finding } from '../run.ts';
import { exchange } from './connection.ts';
import { anyTraffic } from './input.ts';
import { type RelayProcess, startRelayProcess } from './process.ts';

export const HTTP = 'http';

/** Connections at a time. */
const CONCURRENT = 8;
/** Connections between checks of the health. */
const HEALTH_CONNECTIONS = 200;
/**
 * Maximum memory of workerd, bytes. It grows from 170 to 430 MiB in the first four minutes, while caches of twins and
 * V8's heap fill, and stays there.
 */
const MAX_MEMORY_BYTES = 640 * 2 ** 20;

interface Options {
  readonly seed: number;
  readonly seconds: number;
  readonly inputs: number;
  /** Aborted: the run ends. */
  readonly stop: AbortSignal;
  /** The number of one connection to replay. */
  readonly only?: number | undefined;
}

/**
 * Sends requests to a real relay on workerd, over loopback. The Worker must never fail, the relay must stay healthy, and
 * its memory bounded. A 500 in workerd's own words does not count: workerd gives it for invalid host names and URLs
 * before the Worker runs.
 */
export async function fuzzHttp(options: Options): Promise<readonly Finding[]> {
  await using relay = await startRelayProcess();
  const run = new HttpRun(relay, options);
  await run.all();
  console.log(`fuzz: ${HTTP}: ${run.summary}`);
  return run.findings;
}

class HttpRun {
  readonly findings: Finding[] = [];
  readonly #relay: RelayProcess;
  readonly #options: Options;
  readonly #began = performance.now();
  #connections = 0;
  #requests = 0;
  #answers = 0;
  #open = 0;
  #memory = 0;

  constructor(relay: RelayProcess, options: Options) {
    this.#relay = relay;
    this.#options = options;
  }

  async all(): Promise<void> {
    const { only } = this.#options;
    if (only !== undefined) return await this.#connection(only);
    await Promise.all(Array.from({ length: CONCURRENT }, () => this.#lane()));
    await this.#look(this.#connections);
    if (this.#memory > MAX_MEMORY_BYTES) this.#note(this.#connections, 'memory', `workerd takes ${this.#memory} bytes`);
  }

  get summary(): string {
    const seconds = Math.round((performance.now() - this.#began) / 1000);
    const sent = `${this.#requests} inputs on ${this.#connections} connections`;
    const memory = `workerd at most ${(this.#memory / 2 ** 20).toFixed(0)} MiB`;
    return `${sent} (${this.#answers} answers, ${this.#open} left open), ${seconds} s, ${memory}, ${this.findings.length} findings`;
  }

  async #lane(): Promise<void> {
    const { seconds, inputs, stop } = this.#options;
    while (!stop.aborted && this.findings.length === 0 && this.#requests < inputs) {
      if (performance.now() - this.#began > seconds * 1000) return;
      const number = this.#connections++;
      await this.#connection(number);
      if (number % HEALTH_CONNECTIONS === HEALTH_CONNECTIONS - 1) await this.#look(number);
    }
  }

  async #connection(number: number): Promise<void> {
    const { requests, bytes } = anyTraffic(new Random(this.#options.seed, HTTP, number));
    const { answers, isFailed, isSilent } = await exchange(this.#relay.port, bytes);
    this.#requests += requests;
    this.#answers += answers;
    if (isSilent) this.#open += 1;
    if (isFailed) this.#note(number, 'exception', 'the relay answers with an internal error', Uint8Array.from(bytes));
  }

  /** Checks health, log and memory. */
  async #look(number: number): Promise<void> {
    const health = await fetch(`http://127.0.0.1:${this.#relay.port}/healthz`).then(({ status }) => status, String);
    if (health !== 200) this.#note(number, 'exception', `/healthz answers ${health}`);
    const [error] = this.#relay.errors;
    if (error !== undefined)
      this.#note(
        number,
        'exception',
        `at this connection or up to ${HEALTH_CONNECTIONS} before, the Worker logs ${error}`,
      );
    this.#memory = Math.max(this.#memory, await this.#relay.memory());
  }

  #note(number: number, kind: 'exception' | 'memory', detail: string, input = new Uint8Array(0)): void {
    this.findings.push({ target: HTTP, seed: this.#options.seed, number, fault: { kind, detail }, input });
  }
}
