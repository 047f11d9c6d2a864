import { type Machine, newMachine } from './machine.ts';

/** Bytes of the state that take input before it is permuted: STROBE-128 keeps two of its 168 for itself. */
const RATE = 166;
/** What an operation is, as STROBE counts it. */
const META = 0x12;
const ASSOCIATED = 0x02;
const OUTPUT = 0x07;
const KEYED = 0x06;

const VERSION = 'STROBEv1.0.2';

let machine: Machine | undefined;
/** Keccak of all transcripts: between two of its calls nothing stays in its memory. */
function permute(lanes: Uint32Array): void {
  machine ??= newMachine();
  machine.keccak(lanes);
}

/**
 * A Merlin transcript (merlin.cool): a hash of all that was said, in order, from which challenges are drawn. It is
 * STROBE-128 over Keccak-f[1600], of whose operations it needs four.
 *
 * Its steps depend on lengths only, not on what the bytes are.
 */
export class Transcript {
  readonly #state = new Uint8Array(200);
  /** The same memory; lanes are little-endian, as WebAssembly's memory is, and every machine that this runs on. */
  readonly #lanes = new Uint32Array(this.#state.buffer);
  #at = 0;
  /** Where the operation under way began, counted from 1; 0 is in an earlier block. */
  #began = 0;

  /** @param from what it is a transcript of, or another one that it goes on from */
  constructor(from: string | Transcript) {
    if (from instanceof Transcript) {
      this.#state.set(from.#state);
      this.#at = from.#at;
      this.#began = from.#began;
      return;
    }
    this.#state.set([1, RATE + 2, 1, 0, 1, 96]);
    for (let n = 0; n < VERSION.length; n += 1) this.#state[6 + n] = VERSION.charCodeAt(n);
    permute(this.#lanes);
    this.#begin(META);
    this.#text('Merlin v1.0');
    this.append('dom-sep', from);
  }

  /** @param message bytes, or ASCII */
  append(label: string, message: Uint8Array | string): void {
    this.#tell(label, message.length);
    this.#begin(ASSOCIATED);
    if (typeof message === 'string') this.#text(message);
    else for (const byte of message) this.#absorb(byte);
  }

  /** Bytes that follow from everything said so far. */
  challenge(label: string, size: number): Uint8Array {
    this.#tell(label, size);
    return this.#draw(size);
  }

  /**
   * Bytes that nobody can guess: they follow from everything said so far, from a secret, and from fresh random
   * bytes. If those should repeat, another message still gives others. The transcript itself goes on as if not asked.
   */
  witness(label: string, size: number, secret: Uint8Array, random: Uint8Array): Uint8Array {
    const fork = new Transcript(this);
    fork.#tell(label, secret.length);
    fork.#key(secret);
    fork.#begin(META);
    fork.#text('rng');
    fork.#key(random);
    fork.#begin(META);
    fork.#length(size);
    const drawn = fork.#draw(size);
    fork.#state.fill(0);
    return drawn;
  }

  #tell(label: string, size: number): void {
    this.#begin(META);
    this.#text(label);
    this.#length(size);
  }

  #text(ascii: string): void {
    for (let n = 0; n < ascii.length; n += 1) this.#absorb(ascii.charCodeAt(n));
  }

  /** 4 bytes, little-endian. */
  #length(size: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.#absorb((size >>> shift) & 0xff);
  }

  #begin(operation: number): void {
    const before = this.#began;
    this.#began = this.#at + 1;
    this.#absorb(before);
    this.#absorb(operation);
    // What depends on all before it begins with a block of its own.
    if ((operation & 4) !== 0 && this.#at !== 0) this.#permute();
  }

  #absorb(byte: number): void {
    this.#mix(this.#at, byte);
    this.#step();
  }

  #key(bytes: Uint8Array): void {
    this.#begin(KEYED);
    for (const byte of bytes) {
      this.#state[this.#at] = byte;
      this.#step();
    }
  }

  #draw(size: number): Uint8Array {
    this.#begin(OUTPUT);
    const drawn = new Uint8Array(size);
    for (let n = 0; n < size; n += 1) {
      drawn[n] = this.#state[this.#at] ?? 0;
      this.#state[this.#at] = 0;
      this.#step();
    }
    return drawn;
  }

  #step(): void {
    this.#at += 1;
    if (this.#at === RATE) this.#permute();
  }

  #permute(): void {
    this.#mix(this.#at, this.#began);
    this.#mix(this.#at + 1, 0x04);
    this.#mix(RATE + 1, 0x80);
    permute(this.#lanes);
    this.#at = 0;
    this.#began = 0;
  }

  #mix(at: number, byte: number): void {
    this.#state[at] = (this.#state[at] ?? 0) ^ byte;
  }
}
