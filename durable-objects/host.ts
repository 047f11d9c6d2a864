/** The clock of an object's host, and time for its work. */
export interface Host {
  /** Returns the time in Unix ms. */
  now(): number;
  /**
   * Resolves after `ms`. With 0 it resolves once the events that have already arrived are handled.
   * @param signal ends the wait early: then it rejects
   */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Keeps the object awake until `work` ends, although nobody awaits it. */
  background(work: Promise<void>): void;
}
