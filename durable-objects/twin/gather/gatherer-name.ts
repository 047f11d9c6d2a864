/** Gatherers of one hot twin. */
const GATHERERS = 16;

/** Returns the name of the gatherer of a sender for a hot twin. */
export function gathererName(twin: number, sender: number): string {
  return `${twin}/${slotOf(sender)}`;
}

/** Returns the twin of an object's name; undefined for a gatherer, and for an object that does not know its name. */
export function twinOfName(name: string | undefined): number | undefined {
  return name !== undefined && /^\d+$/.test(name) ? Number(name) : undefined;
}

/** Spreads neighbouring ids: twins that were made together are often in one place. */
function slotOf(sender: number): number {
  return (Math.imul(sender, 0x9e_37_79_b1) >>> 0) % GATHERERS;
}
