import type { TwinSource } from '../../client/directory/chain.ts';
import type { Log, PartState } from '../../client/ports.ts';
import type { Twin } from '../../proto/twin.ts';
import { type OwnProfile, ownFault } from './own-record.ts';
import type { Registered } from './registrar.ts';

/** Pause after a failed look-up, ms: blocks come every 6 s. */
const RETRY_MS = 6_000;
/** Shortest time between two rewrites, ms: each costs a fee, and another program may undo each of them. */
const REWRITE_MS = 3_600_000;

/** Parts for watching the own twin. */
export interface OwnWatchParts {
  readonly chain: Pick<TwinSource, 'twin'>;
  readonly log: Log;
  onState(state: PartState): void;
  /** Receives each record that a look-up found. */
  onTwin(twin: Twin): void;
  /** Writes the own twin on chain. Absent: this peer never writes. */
  readonly register: (() => Promise<Registered>) | undefined;
  /** Whether the peer writes its twin again after another program changed it. */
  readonly keepOnChain: boolean;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Resolves with true after `ms`, with false when the peer stops. */
  pause(ms: number): Promise<boolean>;
}

/**
 * Watches the own twin on chain. Another program with the same secret may replace relay and key; then others do not reach
 * this peer, although its connections stay up.
 */
export class OwnWatch {
  readonly #twin: number;
  readonly #own: OwnProfile;
  readonly #parts: OwnWatchParts;
  /** Number of records from events: an answer to an older question is stale. */
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

  /** Looks the twin up, and writes it if the peer may. Resolves when this is done. */
  async start(): Promise<void> {
    const { register } = this.#parts;
    const writing = register === undefined ? undefined : this.#write(register);
    this.look();
    await writing;
  }

  /** Takes a record from an event; other twins are ignored. */
  seen(twin: Twin): void {
    if (twin.id !== this.#twin) return;
    this.#events += 1;
    this.#judge(twin);
  }

  /** Blocks may have been missed: looks the twin up until the chain answers. */
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

  /** Logs news and repairs faults. While the twin is being written, the registrar does both. */
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
    if (this.#fault === undefined) log.info(fields, 'chain: the own twin is right again');
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
        continue; // the record may be right meanwhile
      }
      const outcome = await this.#write(register);
      if (outcome === 'written') this.#rewrittenAt = now();
      // After a refusal that cost a fee the peer writes no more: the next attempt would cost the same.
      if (outcome === 'refused' || outcome === 'stopped') return;
    }
    this.#isRepairing = false;
  }

  async #write(register: () => Promise<Registered>): Promise<Registered> {
    this.#isWriting = true;
    const outcome = await register();
    this.#isWriting = false;
    if (outcome === 'refused') this.#isRepairing = true;
    // A peer that stops reports nothing.
    if (outcome !== 'stopped') this.#act();
    return outcome;
  }

  #behind(work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.#parts.log.error({ error: String(error) }, 'failed to watch the own twin on chain'),
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
