import type { Case } from '../case.ts';
import { endOrEcho, passes } from '../stage/dialogue.ts';
import { large } from '../stage/envelopes.ts';

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

function torn(size: number): Case {
  return {
    name: `${size} MiB`,
    section: '6.13',
    title: `a frame of ${size} MiB ends the connection`,
    observe: async (stage) => {
      const from = await stage.open('caller');
      const end = await endOrEcho(from, large(from.address, from.address, size * MIB));
      return end.slice(0, 'closed 1009'.length);
    },
    reference: 'closed 1006',
    intended: { seen: 'closed 1009', difference: 'frame over the limit' },
  };
}

export const sizes: readonly Case[] = [delivered(1), delivered(8), delivered(15), torn(17), torn(65)];
