import type { Reason } from '../../../proto/reasons.ts';
import type { IfAway, Receiver, TwinLookup } from '../../contract.ts';
import type { Host } from '../../host.ts';
import type { Settings } from '../../settings.ts';
import type { Count } from '../../stats/catalogue.ts';
import { Candidates, type Elsewhere } from '../send/candidates.ts';
import type { Directory } from '../send/directory.ts';
import type { RoutedEnvelope } from '../send/routed-envelope.ts';
import type { Sql } from '../storage/sql.ts';
import { Absence } from './absence.ts';
import { attempt } from './attempt.ts';
import { AwayThere } from './away-there.ts';
import { FederationQueue } from './queue/federation-queue.ts';
import { FederationScheduler } from './queue/federation-scheduler.ts';
import type { InFlight } from './queue/open-envelopes.ts';
import { BatchTakers } from './relays/batch-takers.ts';
import { ACCEPTED, type Forwarded, forward, type Stores } from './relays/forward.ts';
import { KnownRelays } from './relays/known-relays.ts';
import type { Answer } from './relays/outcome.ts';
import { postBatch, postEnvelope, type Way } from './relays/post.ts';
import { type Posting, Posts } from './relays/posts.ts';
import { Ranker } from './relays/ranker.ts';
import { edgeFirst } from './relays/relays-to-ask.ts';

/** The limits of one object's queue for other relays. Its isolate of 128 MB may serve several objects. */
const LIMITS = { maxMessages: 10_000, maxBytes: 32 * 2 ** 20 };

/** The port of federation to its object. */
export interface FederationPort {
  readonly host: Host;
  readonly sql: Sql;
  readonly count: Count;
  readonly directory: Directory;
  receiver(twin: number): Receiver;
  /** Sends an error to the sender of an envelope, or stores it. The call stores before it returns. */
  report(envelope: RoutedEnvelope, reason: Reason): void;
  /** Notes that the mailbox here has an envelope of a twin that other relays may have, too: they were just asked. */
  keptHere(envelope: RoutedEnvelope): void;
  /** Has `tick` called at `at` (Unix ms), after a crash as well. */
  wakeAt(at: number): Promise<void>;
}

// Of this isolate: a failure of a relay says the same to all its twins. May vanish at any time.
let ranker: Ranker | undefined;
const knownRelays = new KnownRelays();
const batchTakers = new BatchTakers();

/** Sends envelopes of one twin to other relays: stores them first, then tries and retries. */
export class Federation {
  readonly absence: Absence;
  readonly #port: FederationPort;
  readonly #settings: Settings;
  readonly #queue: FederationQueue;
  readonly #scheduler: FederationScheduler;
  readonly #posts: Posts;
  readonly #candidates: Candidates;
  readonly #awayThere: AwayThere;
  /** Twins whose objects were told a moment ago that their mailbox has such an envelope. */
  readonly #told: Absence;

  constructor(settings: Settings, port: FederationPort) {
    this.#port = port;
    this.#settings = settings;
    this.absence = new Absence(() => port.host.now());
    this.#told = new Absence(() => port.host.now());
    this.#awayThere = new AwayThere(() => port.host.now());
    this.#candidates = new Candidates({
      allowsPrivate: settings.federation.allowsPrivate,
      ownDomains: (host) => port.directory.ownDomains(host),
    });
    this.#posts = new Posts({
      gather: () => port.host.wait(0),
      most: (domain) => batchTakers.most(domain, port.host.now()),
      post: (domain, posting) => this.#post(domain, posting),
      postBatch: (domain, postings) => this.#postBatch(domain, postings),
    });
    this.#queue = new FederationQueue(port.sql, LIMITS);
    this.#scheduler = new FederationScheduler(this.#queue, {
      host: port.host,
      random: () => Math.random(),
      attempt: (envelope, isRetry, inFlight) => this.#attempt(envelope, isRetry, inFlight),
      report: (envelope, reason) => port.report(envelope, reason),
      wakeAt: (at) => port.wakeAt(at),
    });
  }

  /** Envelopes in the federation queue. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Returns whether another relay may have the session of an envelope for a twin of this relay. */
  elsewhere({ from, to, failFast }: RoutedEnvelope, lookup: TwinLookup): Elsewhere {
    if (!('found' in lookup)) return 'none';
    const others = this.#candidates.of(lookup.found, from.host);
    if (others.length === 0) return 'none';
    if (this.#scheduler.isBusy(to.twin)) return 'queued';
    // What is stored nowhere is asked for everywhere, each time.
    return !failFast && others.every((domain) => this.#isHardlyAt(domain, to)) ? 'away' : 'maybe';
  }

  /**
   * Stores envelopes for a twin of another relay, or of several, and starts to send them.
   * @param isOrdered whether they keep their order: the mailbox here may get them
   * @returns the envelopes that are refused at once, each with its reason
   */
  async accept(
    twin: number,
    envelopes: readonly RoutedEnvelope[],
    isOrdered = false,
  ): Promise<{ readonly envelope: RoutedEnvelope; readonly reason: Reason }[]> {
    const now = Math.floor(this.#port.host.now() / 1000);
    const expired = envelopes.filter(({ expiresAt }) => expiresAt <= now);
    // Kept as long as a mailbox would keep it, whatever the envelope asks for.
    const latest = now + this.#settings.mailbox.ttl;
    const alive = envelopes
      .filter(({ expiresAt }) => expiresAt > now)
      .map((envelope) => ({ ...envelope, expiresAt: Math.min(envelope.expiresAt, latest) }));
    const full = alive.length === 0 ? [] : await this.#scheduler.accept(twin, alive, isOrdered);
    return [
      ...expired.map((envelope) => ({ envelope, reason: 'expired' as const })),
      ...full.map((envelope) => ({ envelope, reason: 'outbox-full' as const })),
    ];
  }

  /**
   * Takes mail of this object's twin over, in this turn of the event loop: all of it or nothing.
   * @returns undefined if there is no room
   */
  adopt(twin: number, mail: readonly RoutedEnvelope[]): Promise<void> | undefined {
    return this.#scheduler.adopt(twin, mail);
  }

  /** Offers an envelope to other relays of its twin. Resolves with whether one of them took it. */
  async offer(envelope: RoutedEnvelope, domains: readonly string[]): Promise<boolean> {
    const isLate = () => envelope.expiresAt * 1000 <= this.#port.host.now();
    return (
      (await this.#forward(envelope, true, { posting: false, takesBatch: false, isLate }, domains, 'here')) ===
      'accepted'
    );
  }

  /** The alarm: settles what expired and retries what is open. */
  tick(): Promise<void> {
    return this.#scheduler.tick();
  }

  #attempt(envelope: RoutedEnvelope, isRetry: boolean, inFlight: InFlight) {
    return attempt(envelope, isRetry, {
      directory: this.#port.directory,
      receiver: (twin) => this.#port.receiver(twin),
      count: this.#port.count,
      absence: this.absence,
      allowsPrivate: this.#settings.federation.allowsPrivate,
      areEdge: (domains) => domains.every((domain) => knownRelays.isEdge(domain)),
      // What can be stored here waits for one pass only.
      forward: (domains, stores) => this.#forward(envelope, isRetry || stores === 'here', inFlight, domains, stores),
      keptHere: (kept) => this.#keptHere(kept),
    });
  }

  #forward(
    envelope: RoutedEnvelope,
    isRetry: boolean,
    inFlight: InFlight,
    domains: readonly string[],
    stores: Stores,
  ): Promise<Forwarded> {
    const { host } = this.#port;
    const { to, failFast } = envelope;
    const ordered = edgeFirst(this.#ranker().order(domains, host.now()), (domain) => knownRelays.isEdge(domain));
    return forward(ordered, isRetry, {
      stores,
      post: async (domain, ifAway, isWanted) => {
        const answer = await this.#send(domain, envelope, inFlight, ifAway, isWanted);
        if (answer === 'unsent') return answer;
        // A twin of this relay has a mailbox here, so its other relays get a rest whatever they said.
        if (answer?.outcome === 'away' || (stores === 'here' && answer?.status !== ACCEPTED)) {
          this.#awayThere.note(domain, to);
        }
        return answer;
      },
      wasAway: (domain) =>
        !failFast && (stores === 'here' ? this.#isHardlyAt(domain, to) : this.#awayThere.has(domain, to)),
      status: (domain) => knownRelays.status(domain, host.now()),
      failed: (domain, how) => {
        this.#awayThere.noteDown(domain);
        this.#failed(domain, how);
      },
      isLate: () => inFlight.isLate(),
      wait: (ms) => host.wait(ms),
      random: () => Math.random(),
    });
  }

  /** Returns whether a relay does not have a session, by what it said a moment ago, or cannot be asked now. */
  #isHardlyAt(domain: string, session: RoutedEnvelope['to']): boolean {
    if (this.#awayThere.has(domain, session) || this.#awayThere.isDown(domain)) return true;
    return knownRelays.status(domain, this.#port.host.now()) !== 'ask';
  }

  #keptHere(envelope: RoutedEnvelope): void {
    const { twin } = envelope.to;
    if (this.#told.has({ twin })) return;
    this.#told.note({ twin });
    this.#port.keptHere(envelope);
  }

  async #send(
    domain: string,
    { from, bytes }: RoutedEnvelope,
    inFlight: InFlight,
    ifAway: IfAway,
    isWanted: () => boolean,
  ): Promise<Answer | 'unsent' | undefined> {
    const [via = ''] = this.#port.directory.ownDomains(from.host);
    const answer = await this.#posts.send(domain, {
      bytes,
      ifAway,
      via,
      isWanted,
      inFlight: (isIt) => {
        inFlight.posting = isIt;
      },
    });
    inFlight.takesBatch = batchTakers.most(domain, this.#port.host.now()) > 1;
    return answer;
  }

  async #post(domain: string, { bytes, ifAway, via }: Posting): Promise<Answer | undefined> {
    const answer = await this.#timed(() => postEnvelope(this.#way(domain, via), bytes, ifAway));
    if (answer !== undefined) batchTakers.answered(domain, answer.takesBatch, this.#port.host.now());
    this.#note(domain, answer);
    return answer;
  }

  async #postBatch(domain: string, postings: readonly Posting[]): Promise<readonly Answer[] | 'refused' | undefined> {
    const { host, count } = this.#port;
    const envelopes = postings.map(({ bytes, ifAway }) => ({ bytes, mayStore: ifAway === 'store' }));
    const way = this.#way(domain, postings[0]?.via ?? '');
    const answers = await this.#timed(() => postBatch(way, envelopes));
    if (answers === undefined) {
      batchTakers.failed(domain, host.now());
      count('relay_federation_batches_total', 1, 'failed');
    } else if (answers === 'refused') {
      batchTakers.refused(domain, host.now());
      count('relay_federation_batches_total', 1, 'refused');
    } else {
      batchTakers.took(domain, host.now());
      count('relay_federation_batches_total', 1, 'answered');
      for (const answer of answers) this.#note(domain, answer);
    }
    return answers;
  }

  #way(domain: string, via: string): Way {
    return { scheme: this.#settings.federation.scheme, domain, via };
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    const { host, count } = this.#port;
    const startedAt = host.now();
    const result = await work();
    count('relay_federation_try_seconds', (host.now() - startedAt) / 1000);
    return result;
  }

  #note(domain: string, answer: Answer | undefined): void {
    const isAccepted = answer?.status === ACCEPTED;
    if (isAccepted) this.#port.count('federation_message_success', 1, domain);
    if (isAccepted || answer?.outcome !== undefined) knownRelays.accepted(domain, answer?.outcome !== undefined);
  }

  #failed(domain: string, how: 'failed' | 'odd'): void {
    const now = this.#port.host.now();
    if (how === 'odd') knownRelays.respondedOddly(domain, now);
    else knownRelays.failed(domain, now);
    this.#ranker().failed(domain, now);
    this.#port.count('federation_message_error', 1, domain);
  }

  #ranker(): Ranker {
    ranker ??= new Ranker(this.#settings.federation.rankerPeriod);
    return ranker;
  }
}
