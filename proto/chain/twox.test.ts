import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { twox128 } from './twox.ts';

// The 32-byte loop, each tail length and the empty input, hashed by @polkadot/util-crypto 14.
const KNOWN = [
  ['', '99e9d85137db46ef4bbea33613baafd5'],
  ['R', '0d943e15d42daf59894ccf78328ca795'],
  ['Rel', '966bcd33c757d99662226b30235c0b62'],
  ['Reli', '4a289fd081fa9963e20e4221273a279c'],
  ['Reliabl', '79d1dbc1226abc308057ca41c8d6aceb'],
  ['Reliable', '456ff9c39a0b43fd74bed4df2aefa2a1'],
  ['Reliable Mes', '3ace23d5156d478245aee403b2ff6d8f'],
  ['Reliable Messag', 'cfa4c9985406832243bcca704e9b546e'],
  ['Reliable Message Bus on the edg', 'd9763538415d0c0656acd4b3d4afcf91'],
  ['Reliable Message Bus on the edge', 'c6840ecd7339b69eb7c82eaa4c3e53c7'],
  ['Reliable Message Bus on the edge,', '6e71595e286c8d0e340129b5231a0d1a'],
  ['Reliable Message Bus on the edge, read from ', '9c2797ac9e7fd98c3fd0ce0b5977eac3'],
  ['Reliable Message Bus on the edge, read from chain: storage of tw', '0d0b81b27609bcac4af701a6f6e19e10'],
  ['Reliable Message Bus on the edge, read from chain: storage of twins by number', '05838fcb9f222f55c3966ecab058c8c3'],
] as const;

describe('twox128', () => {
  test.each(KNOWN)('hashes %j as the reference', (name, hash) => {
    expect(bytesToHex(twox128(name))).toBe(hash);
  });
});
