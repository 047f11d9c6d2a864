import type { Twin } from '../../proto/twin.ts';
import type { Log } from '../ports.ts';
import type { PartState } from '../state.ts';
import type { Chain } from './chain.ts';
import { type OwnProfile, ownFault } from './own-record.ts';
import type { Registered } from './registrar.ts';

/** A look-up that failed is tried again after this time, ms: a block comes every 6 s. */
const RETRY_MS = 6_000;
/** Each rewrite costs a fee, and another program may write its own values after each of them. */
const REWRITE_MS = 3_600_000;

/** What watching our own twin needs. */
export interface OwnWatchParts {
  readonly chain: Pick<Chain, 'twin'>;
  readonly log: Log;
  onState(state: PartState): void;
  /** A look-up found our twin like this. */
  onTwin(twin: Twin): void;
  /** Writes our twin on chain. Absent: this peer never writes there. */
  readonly register: (() => Promise<Registered>) | undefined;
  /** Whether our twin is written again after another program changed it. */
  readonly keepOnChain: boolean;
  /** Milliseconds of a clock that nobody sets. */
  now(): number;
  /** Resolves true after `ms`, false when the peer stops. */
  pause(ms: number): Promise<boolean>;
}

/**
 * Watches our own twin on chain. Another program with our secret may replace relay and key there; then others do not
 * reach this peer, although its connections stay up.
 */
export class OwnWatch {
  readonly #twin: number;
  readonly #own: OwnProfile;
  readonly #parts: OwnWatchParts;
  /** Counts records that events told: an answer to an older question is stale. */
  #events = 0;
  #onChain: Twin | undefined;
  #fault: string | undefined;
  /** The record and the fault that were logged last. */
  #told: Twin | undefined;
  #warned: string | undefined;
  #isWriting = false;
  #isLooking = false;
  #isLookDue = false;
  #isRepairing = false;
  #rewrittenAt: number | undefined;

  constructor(twin: number, own: OwnProfile, parts: OwnWatchParts) {
    this.#twin = twin;
    this.#own = own;
    this.#parts = parts;
  }

  /** Looks at our twin, and writes it when this peer may. Resolves when that is done. */
  async start(): Promise<void> {
    const { register } = this.#parts;
    const writing = register === undefined ? undefined : this.#write(register);
    this.look();
    await writing;
  }

  /** The chain told of a twin; any twin but ours is ignored. */
  seen(twin: Twin): void {
    if (twin.id !== this.#twin) return;
    this.#events += 1;
    this.#judge(twin);
  }

  /** Blocks may have been missed: looks our twin up until the chain answers. */
  look(): void {
    this.#isLookDue = true;
    if (!this.#isLooking) this.#behind(this.#lookUp());
  }

  async #lookUp(): Promise<void> {
    const { chain, onTwin, pause } = this.#parts;
    this.#isLooking = true;
    while (this.#isLookDue) {
      this.#isLookDue = false;
      const before = this.#events;
      const found = await chain.twin(this.#twin).catch(() => 'no answer' as const);
      if (found === 'no answer') {
        if (!(await pause(RETRY_MS))) return;
        this.#isLookDue = true;
      } else if (found !== undefined && before === this.#events) {
        onTwin(found);
        this.#judge(found);
      }
    }
    this.#isLooking = false;
  }

  #judge(twin: Twin): void {
    this.#onChain = twin;
    this.#fault = ownFault(twin, this.#own);
    this.#parts.onState({ isUp: this.#fault === undefined, detail: this.#fault ?? '' });
    this.#act();
  }

  /** Logs what is news, and repairs what is wrong. While our twin is being written, the registrar does both. */
  #act(): void {
    if (this.#isWriting) return;
    this.#tell();
    if (this.#fault !== undefined && this.#parts.keepOnChain && !this.#isRepairing) this.#behind(this.#repair());
  }

  #tell(): void {
    const [before, after] = [this.#told, this.#onChain];
    this.#told = after;
    if (this.#fault === this.#warned || after === undefined) return;
    this.#warned = this.#fault;
    const { log, register, keepOnChain } = this.#parts;
    const fields = { twin: this.#twin, before: before && shown(before), after: shown(after) };
    if (this.#fault === undefined) log.info(fields, 'chain: our twin is right again');
    else log.warn(fields, `chain: ${this.#fault}; ${nextStep(register !== undefined, keepOnChain)}`);
  }

  async #repair(): Promise<void> {
    const { register, now, pause } = this.#parts;
    if (register === undefined) return;
    this.#isRepairing = true;
    while (this.#fault !== undefined) {
      const left = this.#rewrittenAt === undefined ? 0 : this.#rewrittenAt + REWRITE_MS - now();
      if (left > 0) {
        if (!(await pause(left))) return;
        continue; // it may be right meanwhile
      }
      const outcome = await this.#write(register);
      if (outcome === 'written') this.#rewrittenAt = now();
      // After a refusal that cost a fee nothing is written again: the next attempt would cost as much.
      if (outcome === 'refused' || outcome === 'stopped') return;
    }
    this.#isRepairing = false;
  }

  async #write(register: () => Promise<Registered>): Promise<Registered> {
    this.#isWriting = true;
    const outcome = await register();
    this.#isWriting = false;
    if (outcome === 'refused') this.#isRepairing = true;
    // A peer that stops has no news to tell.
    if (outcome !== 'stopped') this.#act();
    return outcome;
  }

  #behind(work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.#parts.log.error({ error: String(error) }, 'failed to watch our twin on chain'),
    );
  }
}

function nextStep(writes: boolean, keepOnChain: boolean): string {
  if (keepOnChain) return 'this peer writes its own values again, at most once an hour';
  const again = 'to write the values of this peer';
  return writes
    ? `start the peer again ${again}, or use --keep-on-chain`
    : `start it once without --no-update ${again}`;
}

function shown({ relay, pk }: Twin): { readonly relay: string | null; readonly pk: string | null } {
  return { relay, pk: pk === null ? null : `0x${Buffer.from(pk).toString('hex')}` };
}
