import { type MessagePlan, PLAIN } from './scenario.ts';
import type { World } from './world/world.ts';

/** How a program learns of the end of what it sent. */
export type Told = 'reply' | 'error' | 'expired';

/** One destination of one message, and its fate. */
export interface Part {
  readonly name: string;
  readonly plan: MessagePlan;
  readonly to: number;
  /** Its place in the order in which its program handed messages to this destination. */
  readonly order: number;
  acceptedAt: number;
  servedAt: number | undefined;
  /** Its place among all that services got; 0 before. */
  servedOrder: number;
  /** Times that a service has seen it. */
  served: number;
  told: Told[];
  why: string;
  /** One-way: its sender’s custody has ended well. */
  isReceipted: boolean;
}

/** Keeps the fate of every message, outside of the product. */
export class Oracle {
  readonly parts = new Map<string, Part>();
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #unordered: { readonly twins: readonly number[]; readonly from: number; readonly until: number }[] = [];
  #servedOrder = 0;
  readonly #taken = new Set<string>();
  readonly #orders = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  accepted(plan: MessagePlan, to: number): Part {
    const way = `${plan.from}>${to}`;
    const order = this.#orders.get(way) ?? 0;
    this.#orders.set(way, order + 1);
    const part: Part = {
      name: nameOf(plan.id, to),
      plan,
      to,
      order,
      acceptedAt: this.#world.now,
      servedAt: undefined,
      servedOrder: 0,
      served: 0,
      told: [],
      why: '',
      isReceipted: false,
    };
    this.parts.set(part.name, part);
    return part;
  }

  /** A receiver has an envelope in its Redis, or has dropped it as a repeat or as too late. */
  taken(key: string): void {
    this.#taken.add(key);
  }

  isTaken(key: string): boolean {
    return this.#taken.has(key);
  }

  /** Returns when the time of a part is over, ms: its sender gives it up. */
  endOf(name: string): number {
    const part = this.parts.get(name);
    return part === undefined ? Number.POSITIVE_INFINITY : part.acceptedAt + part.plan.life * 1000;
  }

  /** A service got it. */
  served(name: string): Part | undefined {
    const part = this.parts.get(name);
    this.#world.note(() => `service: gets ${name}`);
    if (part === undefined) return undefined;
    part.served += 1;
    part.servedAt ??= this.#world.now;
    this.#servedOrder += 1;
    part.servedOrder ||= this.#servedOrder;
    if (part.served > 1) this.violate(`${name} reached its service ${part.served} times`);
    return part;
  }

  /** A plain client got it, perhaps not for the first time: it keeps no record. */
  handed(name: string): void {
    const part = this.parts.get(name);
    if (part === undefined) return;
    part.served += 1;
    part.servedAt ??= this.#world.now;
  }

  /** A program was told how it ended. */
  told(name: string, how: Told, why = ''): void {
    this.#world.note(() => `program: ${name} ends: ${how} ${why}`);
    const part = this.parts.get(name);
    if (part === undefined) return;
    part.told.push(how);
    part.why = why;
    if (part.told.length > 1) this.violate(`${name} ended ${part.told.length} times: ${part.told.join(', ')}`);
  }

  /** A relay’s error came for a message, to whichever destination, perhaps after its custody had ended. */
  reported(id: string, why: string): void {
    for (const part of this.parts.values()) if (part.plan.id === id && part.why === '') part.why = why;
  }

  /** The sender's custody of a one-way message ended. */
  receipted(name: string): void {
    const part = this.parts.get(name);
    if (part !== undefined) part.isReceipted = true;
  }

  /** Notes a time in which messages between two twins may overtake each other. */
  unordered(twins: readonly number[], from: number, until: number): void {
    this.#unordered.push({ twins, from, until });
  }

  /** Finds messages that reached one service from one sender in another order than they were handed over. */
  checkOrder(isOnePath: (from: number, to: number) => boolean): void {
    const served = [...this.parts.values()].filter(({ servedAt }) => servedAt !== undefined);
    for (const [n, later] of served.entries()) {
      for (const earlier of served.slice(0, n)) {
        const { plan, to } = later;
        if (earlier.plan.from !== plan.from || earlier.to !== to || !isOnePath(plan.from, to)) continue;
        const [first, second] = earlier.order < later.order ? [earlier, later] : [later, earlier];
        if (first.servedOrder < second.servedOrder || this.#mayOvertake(first)) continue;
        this.violate(`${second.name} overtook ${first.name}`);
      }
    }
  }

  #mayOvertake({ plan, to, acceptedAt, servedAt = 0 }: Part): boolean {
    return this.#unordered.some(
      ({ twins, from, until }) =>
        from <= servedAt && until >= acceptedAt && (twins.includes(plan.from) || twins.includes(to)),
    );
  }

  violate(text: string): void {
    this.#world.note(() => `VIOLATION: ${text}`);
    this.violations.push(`at ${(this.#world.now / 1000).toFixed(3)} s: ${text}`);
  }

  /** Whether everything has its end. */
  isSettled(): boolean {
    for (const part of this.parts.values()) if (!isEnded(part, this.#world.now)) return false;
    return true;
  }
}

export function nameOf(id: string, to: number): string {
  return `${id}/${to}`;
}

/** @param now ms since the run began */
function isEnded({ plan, to, told, isReceipted, served, acceptedAt }: Part, now: number): boolean {
  if (plan.from === PLAIN || told.length > 0) return true;
  const isOver = now > acceptedAt + plan.life * 1000;
  return !plan.wantsReply && isReceipted && (served > 0 || to === PLAIN || isOver);
}
