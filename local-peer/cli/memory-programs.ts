import { hash } from 'node:crypto';
import type { CommandEntry } from '../messages.ts';
import type { Delivery, Programs } from '../ports.ts';
import { SeenRequests } from './seen-requests.ts';

/** A longer uid is remembered by its hash, characters: ours have 36. */
const MAX_UID = 128;

/** The programs' side of `Serving` without Redis: requests go to a service in this process, each once. */
export class MemoryPrograms implements Pick<Programs, 'deliverCommand' | 'isFirst'> {
  readonly #take: (entry: CommandEntry, twin: number) => boolean;
  readonly #delivered: SeenRequests;
  readonly #shownToPlugins: SeenRequests;

  /**
   * @param take gives an entry of a twin to the service; false when the service has no room for it
   * @param now ms, by a clock that nobody sets
   */
  constructor(take: (entry: CommandEntry, twin: number) => boolean, now: () => number) {
    this.#take = take;
    this.#delivered = new SeenRequests(now);
    this.#shownToPlugins = new SeenRequests(now);
  }

  async deliverCommand(entry: CommandEntry, twin: number, seconds: number): Promise<Delivery> {
    const { uid } = entry;
    // Two requests without a uid are two requests.
    const seen = uid === '' ? 'new' : this.#delivered.judge(twin, keyOf(uid));
    if (seen !== 'new') return seen;
    // A request that finds no room is not remembered: its caller may send it again.
    if (!this.#take(entry, twin)) return 'full';
    if (uid !== '') this.#delivered.add(twin, keyOf(uid), seconds);
    return 'delivered';
  }

  async isFirst(twin: number, uid: string, seconds: number): Promise<boolean> {
    if (uid === '') return true;
    const isNew = this.#shownToPlugins.judge(twin, keyOf(uid)) === 'new';
    if (isNew) this.#shownToPlugins.add(twin, keyOf(uid), seconds);
    return isNew;
  }
}

function keyOf(uid: string): string {
  return uid.length <= MAX_UID ? uid : hash('sha256', uid, 'base64url');
}
