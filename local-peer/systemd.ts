import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** While the start takes its time, systemd hears of it this often, ms. */
const BEAT_MS = 20_000;

/** What systemd put into our environment. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Tells systemd some assignments, as sd_notify(3) has them; rejects when it cannot. */
export type Notify = (assignments: readonly string[]) => Promise<void>;

/** The way to systemd; undefined when it does not wait for us. Node has no Unix datagrams: its own tool sends them. */
export function openNotify(env: Environment): Notify | undefined {
  const { NOTIFY_SOCKET, PATH } = env;
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return undefined;
  return async (assignments) => {
    const child = spawn('systemd-notify', [...assignments], { env: { NOTIFY_SOCKET, PATH }, stdio: 'ignore' });
    const [code, signal] = await once(child, 'exit');
    if (code !== 0) throw new Error(`systemd-notify ended with ${code ?? signal}`);
  };
}

/** How often to beat, and whether a watchdog waits for it. */
export function beatOf(env: Environment, pid: number): { readonly ms: number; readonly isWatched: boolean } {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  const usec = Number(WATCHDOG_USEC);
  const isOurs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(pid);
  if (!isOurs || !Number.isInteger(usec) || usec <= 0) return { ms: BEAT_MS, isWatched: false };
  return { ms: usec / 2000, isWatched: true };
}

/** What is said to systemd, in order: one message at a time; what waits goes together, of each name the last. */
export class Service {
  readonly #notify: Notify;
  readonly #onFault: (error: unknown) => void;
  readonly #beat: { readonly ms: number; readonly isWatched: boolean };
  readonly #waiting = new Map<string, string>();
  #sending: Promise<void> | undefined;
  #status = '';
  #isReady = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(notify: Notify, beat: { ms: number; isWatched: boolean }, onFault: (error: unknown) => void) {
    this.#notify = notify;
    this.#beat = beat;
    this.#onFault = onFault;
  }

  /** From now on systemd knows that this process is alive: a start that waits for a relay is no start that hangs. */
  begin(): void {
    this.#timer = setInterval(() => this.beat(), this.#beat.ms);
    this.#timer.unref();
    this.beat();
  }

  beat(): void {
    if (this.#beat.isWatched) this.#say('WATCHDOG', '1');
    if (!this.#isReady) this.#say('EXTEND_TIMEOUT_USEC', String(Math.round(this.#beat.ms * 3000)));
  }

  status(line: string): void {
    if (line === this.#status) return;
    this.#status = line;
    this.#say('STATUS', line);
  }

  ready(): void {
    this.#isReady = true;
    this.#say('READY', '1');
  }

  stopping(): void {
    // The stop has its own, short time.
    this.#isReady = true;
    this.#say('STOPPING', '1');
  }

  /** Resolves when everything has been said. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
  }

  #say(name: string, value: string): void {
    this.#waiting.set(name, value);
    this.#sending ??= this.#send();
  }

  async #send(): Promise<void> {
    // What is said in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const assignments = [...this.#waiting].map(([name, value]) => `${name}=${value}`);
      this.#waiting.clear();
      try {
        await this.#notify(assignments);
      } catch (error) {
        this.#onFault(error);
      }
    }
    this.#sending = undefined;
  }
}
