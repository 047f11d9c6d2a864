import { TABLES_AT } from './curve-code.ts';
import { Field } from './field.ts';
import { newMachine } from './machine.ts';
import { Curve, type Table, tableSize } from './multiples.ts';
import { Remembered } from './remembered.ts';

/** Of Edwards' curve -x² + y² = 1 + D·x²·y² (RFC 8032, §5.1). */
export const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/** Wide: there is one base point, and all signatures need it. */
const BASE_TABLE: Table = { at: TABLES_AT, width: 6, step: 1 };
/**
 * Of the key that was used last; those of others wait outside: 20 KB each, and the time of three multiplications.
 * Without gaps it would be 80 KB and take twice the time to fill, for a verification that is shorter by a fifteenth.
 */
const KEY_TABLE: Table = { at: TABLES_AT + tableSize(BASE_TABLE), width: 4, step: 4 };
const MOST_KEYS = 256;

/** How points are written, in 32 bytes. */
export interface Encoding {
  /** The base point. */
  readonly base: Uint8Array;
  /** POINT becomes what is written. @throws RangeError when that is no point, or none that can be a key */
  decode(written: Uint8Array): void;
  /** POINT as it is written. */
  encode(): Uint8Array;
}

/** Sums of multiples of points: for what is public, as it takes time by what it works on. */
export class PointSums {
  readonly #field: Field;
  readonly #curve: Curve;
  readonly #encoding: Encoding;
  readonly #keys: Remembered<Int32Array>;
  /** What KEY_TABLE holds. */
  #current: Int32Array | undefined;

  /** @param encoding made for numbers in this field */
  constructor(encoding: (field: Field) => Encoding) {
    const field = new Field(newMachine());
    this.#field = field;
    // Side by side, as an addend lies.
    const single = [field.place(), field.place(), field.place(), field.place()] as const;
    this.#curve = new Curve(field, field.place(2n * D), single[0]);
    this.#encoding = encoding(field);
    this.#encoding.decode(this.#encoding.base);
    this.#curve.fill(BASE_TABLE);
    this.#keys = new Remembered(MOST_KEYS, (key) => this.#tableOf(key));
  }

  /**
   * `answer` · base - `challenge` · `key`, as it is written; scalars are less than the group's order.
   * @throws RangeError when `key` is no point, or none that can be a key
   */
  difference(answer: Uint8Array, challenge: Uint8Array, key: Uint8Array): Uint8Array {
    const table = this.#keys.of(key);
    if (table !== this.#current) this.#field.machine.limbs.set(table, KEY_TABLE.at / 4);
    this.#current = table;
    this.#curve.clear();
    this.#curve.add(KEY_TABLE, challenge, -1);
    this.#curve.add(BASE_TABLE, answer, 1);
    return this.#encoding.encode();
  }

  #tableOf(key: Uint8Array): Int32Array {
    this.#encoding.decode(key);
    this.#current = undefined;
    this.#curve.fill(KEY_TABLE);
    return this.#field.machine.limbs.slice(KEY_TABLE.at / 4, (KEY_TABLE.at + tableSize(KEY_TABLE)) / 4);
  }
}
