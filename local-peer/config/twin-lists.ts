import { z } from 'zod';

const MAX_TWIN = 0xffff_ffff;
const isTwin = (text: string) => /^[1-9]\d{0,9}$/.test(text) && Number(text) <= MAX_TWIN;

/** Twins by id; a text may hold several, separated by commas. */
export const twins = z.array(z.string()).transform((texts, context): ReadonlySet<number> => {
  const ids = texts.flatMap(partsOf);
  if (ids.every(isTwin)) return new Set(ids.map(Number));
  context.addIssue({ code: 'custom', message: 'must be twin ids, for example 7,12' });
  return z.NEVER;
});

/**
 * Commands, each with its twins, as `wallet.pay=7,12`. A variable is split at its commas: a bare id belongs to the
 * command before it.
 */
export const twinLists = z.array(z.string()).transform((texts, context): ReadonlyMap<string, ReadonlySet<number>> => {
  const lists = new Map<string, Set<number>>();
  let list: Set<number> | undefined;
  for (const part of texts.flatMap(partsOf)) {
    const [, command, first = part] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
    if (command !== undefined) {
      list = lists.get(command) ?? new Set();
      lists.set(command, list);
    }
    if (isTwin(first) && list !== undefined) list.add(Number(first));
    else if (first !== '' || command === undefined) {
      context.addIssue({ code: 'custom', message: 'must be COMMAND=TWIN,TWIN, for example wallet.pay=7,12' });
      return z.NEVER;
    }
  }
  return lists;
});

function partsOf(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}
