/** A twin in the ledger; `relay` is bytes on chain, not always text. */
export interface LedgerTwin {
  readonly id: number;
  /** 32 bytes in hex, with 0x. */
  readonly account: string;
  readonly relay: Uint8Array | null;
  readonly pk: Uint8Array | null;
  /** Companies and people who vouch for it; RMB does not use them. */
  readonly entities: readonly { readonly id: number; readonly signature: Uint8Array }[];
}

export interface Account {
  readonly nonce: number;
  /** In units of 10^-7 TFT. */
  readonly free: bigint;
}

/** Terms and conditions that an account accepted. */
export interface Terms {
  /** Unix s. */
  readonly timestamp: number;
  readonly link: Uint8Array;
  readonly hash: Uint8Array;
}

/** Why a call of a valid extrinsic fails, by the pallet's error names. */
export type TwinError = 'TwinNotExists' | 'TwinWithPubkeyExists' | 'UserDidNotSignTermsAndConditions';

/** A call that the ledger executes. */
export type Call =
  | { readonly kind: 'create_twin' | 'update_twin'; readonly relay: Uint8Array | null; readonly pk: Uint8Array | null }
  | { readonly kind: 'user_accept_tc'; readonly link: Uint8Array; readonly hash: Uint8Array }
  | { readonly kind: 'remark' };

export type Outcome =
  | { readonly ok: true; readonly event?: { readonly kind: 'twinStored' | 'twinUpdated'; readonly twin: LedgerTwin } }
  | { readonly ok: false; readonly error: TwinError };

/** The fee of every extrinsic: 0.01 TFT. */
export const FEE = 100_000n;
/** The funds of a development account: 1,000 TFT. */
const FUNDS = 10_000_000_000n;
const MAX_ID = 0xffff_ffff;

/** Twins and accounts, and the effects of calls. It knows no blocks and no encoding. */
export class Ledger {
  readonly #twins = new Map<number, LedgerTwin>();
  readonly #ids = new Map<string, number>();
  readonly #accounts = new Map<string, Account>();
  readonly #accepted = new Map<string, readonly Terms[]>();
  #nextId = 1;
  #lastId = 0;

  /** Returns the highest id that a twin ever had. */
  get lastId(): number {
    return this.#lastId;
  }

  twin(id: number): LedgerTwin | undefined {
    return this.#twins.get(id);
  }

  account(account: string): Account {
    return this.#accounts.get(account) ?? { nonce: 0, free: 0n };
  }

  /** Writes a twin, and funds its account if it is empty. */
  put(twin: LedgerTwin): void {
    const elder = this.#twins.get(twin.id);
    if (elder !== undefined && this.#ids.get(elder.account) === twin.id) this.#ids.delete(elder.account);
    this.#twins.set(twin.id, twin);
    this.#ids.set(twin.account, twin.id);
    this.#lastId = Math.max(this.#lastId, twin.id);
    // The last possible id says nothing about the count of ids.
    if (twin.id < MAX_ID) this.#nextId = Math.max(this.#nextId, twin.id + 1);
    if (this.account(twin.account).free === 0n) this.fund(twin.account);
  }

  /** Gives an account the funds of a development account. */
  fund(account: string): void {
    const { nonce, free } = this.account(account);
    this.#accounts.set(account, { nonce, free: free + FUNDS });
  }

  /** Removes all funds of an account. */
  drain(account: string): void {
    this.#accounts.set(account, { ...this.account(account), free: 0n });
  }

  twins(): Iterable<LedgerTwin> {
    return this.#twins.values();
  }

  idOf(account: string): number | undefined {
    return this.#ids.get(account);
  }

  /** Returns the terms that an account accepted, in order. */
  terms(account: string): readonly Terms[] {
    return this.#accepted.get(account) ?? [];
  }

  /** Charges the fee and the nonce of an extrinsic in a block. */
  charge(account: string): void {
    const { nonce, free } = this.account(account);
    this.#accounts.set(account, { nonce: nonce + 1, free: free - FEE });
  }

  /** Executes a signed call. @param now the block's time, Unix s */
  apply(account: string, call: Call, now: number): Outcome {
    switch (call.kind) {
      case 'remark':
        return { ok: true };
      case 'user_accept_tc':
        this.#accepted.set(account, [...this.terms(account), { timestamp: now, link: call.link, hash: call.hash }]);
        return { ok: true };
      case 'create_twin':
        return this.#create(account, call);
      case 'update_twin':
        return this.#update(account, call);
    }
  }

  #create(account: string, { relay, pk }: { relay: Uint8Array | null; pk: Uint8Array | null }): Outcome {
    if (!this.#accepted.has(account)) return { ok: false, error: 'UserDidNotSignTermsAndConditions' };
    if (this.#ids.has(account)) return { ok: false, error: 'TwinWithPubkeyExists' };
    const twin = { id: this.#nextId, account, relay, pk, entities: [] };
    this.#nextId += 1;
    this.#lastId = Math.max(this.#lastId, twin.id);
    this.#twins.set(twin.id, twin);
    this.#ids.set(account, twin.id);
    return { ok: true, event: { kind: 'twinStored', twin } };
  }

  #update(account: string, { relay, pk }: { relay: Uint8Array | null; pk: Uint8Array | null }): Outcome {
    const elder = this.#twins.get(this.#ids.get(account) ?? 0);
    if (elder === undefined) return { ok: false, error: 'TwinNotExists' };
    const twin = { ...elder, relay, pk };
    this.#twins.set(twin.id, twin);
    return { ok: true, event: { kind: 'twinUpdated', twin } };
  }
}
