/** `rmb-client/web-worker`: keeps a twin's secret in a dedicated Web Worker. The page can use its keys, not read them. */
import type { KeyType } from '../../proto/identity.ts';
import { RmbError } from '../errors.ts';
import type { Signer } from '../identity/signer.ts';
import type { Answer, Question } from './worker-messages.ts';

export type { Signer } from '../identity/signer.ts';

/** Options of `openWorkerSigner`. */
export interface WorkerSignerOptions {
  /** Words of a mnemonic, or 0x and 64 hex digits. The page should forget it after this call. */
  readonly secret: string;
  /** sr25519 when absent. */
  readonly keyType?: KeyType;
  /** A worker that runs `rmb-client/web-worker-script`, for a page whose build moves files; absent: one is started. */
  readonly worker?: Worker;
}

/** A signer whose keys are in a worker. */
export interface WorkerSigner extends Required<Signer> {
  readonly e2ePublicKey: Uint8Array;
  /** Ends the worker, and with it the keys. What still waits fails. */
  close(): void;
}

/**
 * Gives a secret to a worker, and resolves with a signer for `connect`.
 * Throws an `RmbError` when the secret is invalid, or the worker cannot run.
 */
export async function openWorkerSigner({
  secret,
  keyType = 'sr25519',
  worker,
}: WorkerSignerOptions): Promise<WorkerSigner> {
  const keys = new WorkerKeys(
    worker ?? new Worker(new URL('./web-worker-script.mjs', import.meta.url), { type: 'module' }),
  );
  try {
    const opened = await keys.ask({ kind: 'open', secret, keyType });
    if (opened instanceof Uint8Array) throw new RmbError('identity', 'the worker runs another script');
    return {
      ...opened,
      keyType,
      sign: (message) => keys.bytes({ kind: 'sign', message }),
      sharedKey: (publicKey) => keys.bytes({ kind: 'share', publicKey }),
      close: () => keys.close('the worker was closed'),
    };
  } catch (error) {
    keys.close('the worker did not open');
    throw error;
  }
}

/** Asks a worker, and finds the question of each answer. */
class WorkerKeys {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 0;
  /** Why the worker answers no more. */
  #end: string | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => this.#waiting.get(data.id)?.(data));
    worker.addEventListener('error', ({ message }) => this.close(`the worker failed: ${message ?? 'it did not load'}`));
  }

  ask(question: Question): Promise<Exclude<Answer, { fault: string }>['value']> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const end = (answer: Answer) => {
        this.#waiting.delete(id);
        if ('value' in answer) resolve(answer.value);
        else reject(new RmbError('identity', answer.fault));
      };
      if (this.#end !== undefined) return end({ id, fault: this.#end });
      this.#waiting.set(id, end);
      this.#worker.postMessage({ ...question, id });
    });
  }

  async bytes(question: Question): Promise<Uint8Array> {
    const value = await this.ask(question);
    if (value instanceof Uint8Array) return value;
    throw new RmbError('identity', 'the worker runs another script');
  }

  close(why: string): void {
    this.#end ??= why;
    this.#worker.terminate();
    for (const [id, end] of [...this.#waiting]) end({ id, fault: this.#end });
  }
}
