import { type Code, get, i32, i64, load64, loop, OP, set, store64, type WasmFunction } from './wasm-module.ts';

const LANES = 25;
const ROUNDS = 24;

/** Keccak's round constants: bits of a shift register (FIPS 202, algorithm 5), at 2^j - 1 for j = 0 to 6. */
export function roundConstants(): bigint[] {
  let register = 1;
  const next = () => {
    const bit = BigInt(register & 1);
    register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    return bit;
  };
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let j = 0; j < 7; j += 1) constant |= next() << BigInt(2 ** j - 1);
    return constant;
  });
}

/** Where rho and pi carry each lane: from, to, and by how many bits it is turned. */
function moves(): { readonly from: number; readonly to: number; readonly by: number }[] {
  let [x, y] = [1, 0];
  const path = [{ from: 0, to: 0, by: 0 }];
  for (let t = 0; t < 24; t += 1) {
    const [toX, toY] = [y, (2 * x + 3 * y) % 5];
    path.push({ from: x + 5 * y, to: toX + 5 * toY, by: (((t + 1) * (t + 2)) / 2) % 64 });
    [x, y] = [toX, toY];
  }
  return path;
}

/**
 * Keccak-f[1600] of the 200 bytes at `at`, in place (FIPS 202). Its parameter is the address of the round constants:
 * `constantsAt`, where they must lie.
 */
export function keccakFunction(at: number, constantsAt: number): WasmFunction {
  // Locals: the next constant's address, the lanes, the lanes after pi, the columns' parities.
  const lane = (n: number) => 1 + n;
  const moved = (n: number) => 1 + LANES + n;
  const parity = (n: number) => 1 + 2 * LANES + n;
  const xor = (to: number, ...from: Code[]): Code => [
    ...from.flatMap((each, n) => (n === 0 ? each : [...each, ...OP.i64Xor])),
    ...set(to),
  ];
  const columns = [0, 1, 2, 3, 4];
  const all = Array.from({ length: LANES }, (_, n) => n);
  const theta = columns.flatMap((x) => xor(parity(x), ...columns.map((y) => get(lane(x + 5 * y)))));
  const rhoPi = moves().flatMap(({ from, to, by }) => {
    const turned = [...get(parity(((from % 5) + 1) % 5)), ...i64(1n), ...OP.i64Rotl];
    const mixed = [...get(lane(from)), ...get(parity(((from % 5) + 4) % 5)), ...OP.i64Xor, ...turned, ...OP.i64Xor];
    return [...mixed, ...i64(BigInt(by)), ...OP.i64Rotl, ...set(moved(to))];
  });
  const chi = all.flatMap((n) => {
    const [x, row] = [n % 5, n - (n % 5)];
    const [next, after] = [moved(row + ((x + 1) % 5)), moved(row + ((x + 2) % 5))];
    const masked = [...get(next), ...i64(-1n), ...OP.i64Xor, ...get(after), ...OP.i64And];
    return xor(lane(n), get(moved(n)), masked, ...(n === 0 ? [[...get(0), ...load64(0)]] : []));
  });
  const following = [...get(0), ...i32(8), ...OP.i32Add, ...set(0)];
  const isLeft = [...i32(constantsAt + 8 * ROUNDS), ...get(0), ...OP.i32Sub];
  return {
    name: 'keccak',
    parameters: 1,
    locals: 2 * LANES + 5,
    code: [
      ...all.flatMap((n) => [...i32(at), ...load64(8 * n), ...set(lane(n))]),
      ...loop([...theta, ...rhoPi, ...chi, ...following, ...isLeft]),
      ...all.flatMap((n) => [...i32(at), ...get(lane(n)), ...store64(8 * n)]),
    ],
  };
}
