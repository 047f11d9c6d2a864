import type { Case } from '../case.ts';
import { passes } from '../dialogue.ts';
import { large } from '../envelopes.ts';

const MIB = 2 ** 20;

function delivered(size: number): Case {
  return {
    name: `${size} MiB`,
    section: '6.13',
    title: `a payload of ${size} MiB is delivered`,
    observe: async (stage) => {
      const [from, to] = [await stage.open('caller'), await stage.open('callee')];
      return passes(from, to, large(from.address, to.address, size * MIB));
    },
    reference: 'the very bytes',
  };
}

/** @param code with which our relay ends the connection */
function torn(size: number, codes: readonly number[]): Case {
  return {
    name: `${size} MiB`,
    section: '6.13',
    title: `a frame of ${size} MiB ends the connection`,
    observe: async (stage) => {
      const from = await stage.open('caller');
      from.send(large(from.address, from.address, size * MIB));
      const { code } = await from.ended();
      return codes.includes(code) ? 'ended with a code' : code;
    },
    reference: 1006,
    meant: { seen: 'ended with a code', difference: 'frame over the limit' },
  };
}

export const sizes: readonly Case[] = [delivered(1), delivered(8), delivered(15), torn(17, [1009]), torn(65, [1009])];
