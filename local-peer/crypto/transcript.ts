import { keccakP } from '@noble/hashes/sha3.js';

/** Bytes of the state that take input before it is permuted: STROBE-128 keeps two of its 168 for itself. */
const RATE = 166;
/** What an operation is, as STROBE counts it. */
const META = 0x12;
const ASSOCIATED = 0x02;
const OUTPUT = 0x07;
const KEYED = 0x06;

const encoder = new TextEncoder();
const ascii = (text: string) => encoder.encode(text);

/** A length as transcripts count it: 4 bytes, little-endian. */
function lengthOf(size: number): Uint8Array {
  return Uint8Array.of(size, size >>> 8, size >>> 16, size >>> 24);
}

/**
 * A Merlin transcript (merlin.cool): a hash of all that was said, in order, from which challenges are drawn. It is
 * STROBE-128 over Keccak-f[1600], of whose operations it needs four.
 *
 * Its steps depend on lengths only, not on what the bytes are.
 */
export class Transcript {
  readonly #state = new Uint8Array(200);
  /** The same memory; lanes are little-endian, as the machines are on which Node runs. */
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
    this.#state.set(ascii('STROBEv1.0.2'), 6);
    keccakP(this.#lanes);
    this.#begin(META);
    this.#absorb(ascii('Merlin v1.0'));
    this.append('dom-sep', ascii(from));
  }

  append(label: string, message: Uint8Array): void {
    this.#tell(label, message.length);
    this.#begin(ASSOCIATED);
    this.#absorb(message);
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
    fork.#absorb(ascii('rng'));
    fork.#key(random);
    fork.#begin(META);
    fork.#absorb(lengthOf(size));
    const drawn = fork.#draw(size);
    fork.#state.fill(0);
    return drawn;
  }

  #tell(label: string, size: number): void {
    this.#begin(META);
    this.#absorb(ascii(label));
    this.#absorb(lengthOf(size));
  }

  #begin(operation: number): void {
    const before = this.#began;
    this.#began = this.#at + 1;
    this.#absorb(Uint8Array.of(before, operation));
    // What depends on all before it begins with a block of its own.
    if ((operation & 4) !== 0 && this.#at !== 0) this.#permute();
  }

  #absorb(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#mix(this.#at, byte);
      this.#step();
    }
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
    keccakP(this.#lanes);
    this.#at = 0;
    this.#began = 0;
  }

  #mix(at: number, byte: number): void {
    this.#state[at] = (this.#state[at] ?? 0) ^ byte;
  }
}
