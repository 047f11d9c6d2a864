import { Random } from './world/random.ts';

/** Twins of a run: three peers of this project, and one plain client. */
export const PEERS = [1, 2, 3] as const;
export const MEMORY_ONLY = 3;
export const PLAIN = 4;
export const RELAYS = ['A', 'B'] as const;
export type RelayName = (typeof RELAYS)[number];

/** One message that a program hands over. */
export interface MessagePlan {
  readonly id: string;
  /** ms */
  readonly at: number;
  readonly from: number;
  readonly to: readonly number[];
  readonly wantsReply: boolean;
  /** Seconds. */
  readonly life: number;
  /** Bytes of its payload. */
  readonly size: number;
}

/** Something that goes wrong at `at`, for `ms` where that makes sense. */
export type Fault = { readonly at: number } & (
  | {
      readonly kind: 'peer crashes';
      readonly twin: number;
      readonly effects: number;
      readonly isBefore: boolean;
      readonly ms: number;
    }
  | {
      readonly kind: 'object crashes';
      readonly relay: RelayName;
      readonly twin: number;
      readonly effects: number;
      readonly isBefore: boolean;
    }
  | { readonly kind: 'relay crashes'; readonly relay: RelayName; readonly ms: number }
  | { readonly kind: 'relay is deployed'; readonly relay: RelayName; readonly keepsSockets: boolean }
  | { readonly kind: 'connection breaks'; readonly relay: RelayName; readonly twin: number }
  | {
      readonly kind: 'network';
      readonly relay: RelayName;
      readonly twin: number;
      readonly weather: 'stalled' | 'void';
      readonly direction: 'both' | 'up' | 'down';
      readonly ms: number;
    }
  | { readonly kind: 'slow network'; readonly latency: number; readonly ms: number }
  | { readonly kind: 'posts'; readonly weather: 'lost' | 'answer-lost' | 'twice'; readonly ms: number }
  | { readonly kind: 'slow Redis'; readonly twin: number; readonly ms: number }
  | { readonly kind: 'Redis repeats'; readonly twin: number; readonly ms: number }
  | { readonly kind: 'clock steps'; readonly who: RelayName | number; readonly by: number }
  | { readonly kind: 'chain is away'; readonly ms: number }
);

/** All that happens in a run from outside. It can be cut down, and is the same for the same seed. */
export interface Scenario {
  readonly seed: number;
  /** The relays of each twin. */
  readonly homes: Readonly<Record<number, readonly RelayName[]>>;
  /** Whether the last peer is a client without Redis: it knows repeats by its memory, and does not crash. */
  readonly isMemoryOnly: boolean;
  readonly messages: readonly MessagePlan[];
  readonly faults: readonly Fault[];
}

const LONG_LIFE = 300;
/** Messages and faults begin within this time, ms. */
const SPAN_MS = 15_000;

/** Two peers that talk more than others: faults strike where something happens, most of the time. */
interface Focus {
  readonly from: number;
  readonly to: number;
}

/** Returns the scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed);
  const home = () => random.pick<readonly RelayName[]>([['A'], ['A'], ['B'], ['A', 'B']]);
  const homes = { 1: home(), 2: home(), 3: home(), [PLAIN]: [random.pick(RELAYS)] };
  const isMemoryOnly = random.chance(0.3);
  const from = random.pick(PEERS);
  const focus = { from, to: random.pick([(from % 3) + 1, ((from + 1) % 3) + 1]) };
  const messages = Array.from({ length: random.whole(1, 14) }, (_, n) => messageOf(random, n, focus)).sort(byTime);
  const faults = Array.from({ length: random.whole(0, 5) }, () => faultOf(random, focus, homes, messages))
    .filter((fault) => !(isMemoryOnly && fault.kind === 'peer crashes' && fault.twin === MEMORY_ONLY))
    .sort(byTime);
  return { seed, homes, isMemoryOnly, messages, faults };
}

function byTime(a: { readonly at: number }, b: { readonly at: number }): number {
  return a.at - b.at;
}

function messageOf(random: Random, n: number, focus: Focus): MessagePlan {
  const { from, to } = random.chance(0.6) ? focus : wayOf(random, focus);
  return {
    id: `m${n}`,
    // Some come together: windows fill, and frames have several.
    at: random.chance(0.4) ? random.whole(0, SPAN_MS) : random.whole(1, 4) * 3_000 + random.whole(0, 20),
    from,
    to: random.chance(0.1) ? [...new Set([to, focus.to, PLAIN])].filter((twin) => twin !== from) : [to],
    wantsReply: random.chance(0.5),
    life: random.chance(0.9) ? LONG_LIFE : random.whole(2, 20),
    size: random.chance(0.9) ? random.whole(0, 200) : random.whole(1_000, 5_000),
  };
}

function wayOf(random: Random, focus: Focus): Focus {
  if (random.chance(0.3)) return { from: focus.to, to: focus.from };
  const from = random.chance(0.8) ? random.pick(PEERS) : PLAIN;
  const others = [...PEERS, PLAIN].filter((twin) => twin !== from);
  return { from, to: others[random.whole(0, 2)] ?? focus.to };
}

function faultOf(
  random: Random,
  focus: Focus,
  homes: Readonly<Record<number, readonly RelayName[]>>,
  messages: readonly MessagePlan[],
): Fault {
  const message = messages[random.whole(0, messages.length - 1)];
  // Around a message, most of the time.
  const near = Math.max(0, (message?.at ?? 0) + random.whole(-300, 1_200));
  const at = random.chance(0.7) ? near : random.whole(0, SPAN_MS);
  const twin = random.chance(0.7) ? random.pick([focus.to, focus.to, focus.from]) : random.pick([...PEERS, PLAIN]);
  const peer = twin === PLAIN ? focus.to : twin;
  const [first = 'A', second = first] = random.chance(0.8) ? (homes[twin] ?? []) : RELAYS;
  const relay = random.pick([first, second]);
  const ms = random.chance(0.5) ? random.whole(50, 3_000) : random.whole(1_000, 20_000);
  const crash = { effects: random.whole(1, 12), isBefore: random.chance(0.5) };
  switch (random.whole(0, 14)) {
    case 0:
    case 1:
      return { at, kind: 'peer crashes', twin: peer, ...crash, ms };
    case 2:
    case 3:
    case 4:
      return { at, kind: 'object crashes', relay, twin, ...crash };
    case 5:
      return { at, kind: 'relay crashes', relay, ms };
    case 6:
      return { at, kind: 'relay is deployed', relay, keepsSockets: random.chance(0.5) };
    case 7:
      return { at, kind: 'connection breaks', relay, twin };
    case 8:
    case 9: {
      const weather = random.pick(['stalled', 'void'] as const);
      return { at, kind: 'network', relay, twin, weather, direction: random.pick(['both', 'up', 'down']), ms };
    }
    case 10:
      return { at, kind: 'slow network', latency: random.whole(50, 2_000), ms };
    case 11:
      return { at, kind: 'posts', weather: random.pick(['lost', 'answer-lost', 'twice']), ms };
    case 12:
      return { at, kind: 'slow Redis', twin: peer, ms: random.chance(0.8) ? ms : random.whole(20_000, 90_000) };
    case 13:
      return { at, kind: 'Redis repeats', twin: peer, ms };
    default:
      return random.chance(0.5)
        ? { at, kind: 'clock steps', who: random.chance(0.5) ? peer : relay, by: random.whole(-30_000, 30_000) }
        : { at, kind: 'chain is away', ms };
  }
}

/** Returns a fault as one line. */
export function faultText({ at, kind, ...rest }: Fault): string {
  return `${(at / 1000).toFixed(3)} s: ${kind} ${JSON.stringify(rest)}`;
}

/** Returns a message as one line. */
export function messageText({ id, at, from, to, wantsReply, life, size }: MessagePlan): string {
  const kind = wantsReply ? 'request' : 'one-way';
  return `${(at / 1000).toFixed(3)} s: ${id}: ${kind} ${from} → ${to.join(', ')}, ${size} bytes, lives ${life} s`;
}
