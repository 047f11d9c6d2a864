import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Interval of signs of life during a slow start, ms. */
const BEAT_MS = 20_000;

/** Environment that systemd sets. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Sends assignments to systemd, in the form of sd_notify(3). Rejects when this fails. */
export type Notify = (assignments: readonly string[]) => Promise<void>;

/** Returns the way to systemd; undefined without systemd. Node has no Unix datagrams: `systemd-notify` sends them. */
export function openNotify(env: Environment): Notify | undefined {
  const { NOTIFY_SOCKET, PATH } = env;
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return undefined;
  return async (assignments) => {
    const child = spawn('systemd-notify', [...assignments], { env: { NOTIFY_SOCKET, PATH }, stdio: 'ignore' });
    const [code, signal] = await once(child, 'exit');
    if (code !== 0) throw new Error(`systemd-notify ended with ${code ?? signal}`);
  };
}

/** Returns the interval of the signs of life, and whether a watchdog needs them. */
export function beatOf(env: Environment, pid: number): { readonly ms: number; readonly isWatched: boolean } {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  const usec = Number(WATCHDOG_USEC);
  const isForUs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(pid);
  if (!isForUs || !Number.isInteger(usec) || usec <= 0) return { ms: BEAT_MS, isWatched: false };
  return { ms: usec / 2000, isWatched: true };
}

/** Reports to systemd: one message at a time. Waiting assignments leave together, the last of each name. */
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

  /** Starts the signs of life: a start that waits for a relay must not look like one that hangs. */
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
    // The stop has its own short limit.
    this.#isReady = true;
    this.#say('STOPPING', '1');
  }

  /** Resolves when every assignment has been sent. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
  }

  #say(name: string, value: string): void {
    this.#waiting.set(name, value);
    this.#sending ??= this.#send();
  }

  async #send(): Promise<void> {
    // Assignments of one turn leave together.
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
