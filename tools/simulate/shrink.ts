import type { Scenario } from './scenario.ts';

/** Returns a scenario that still fails, from which nothing more can be removed. */
export function shrink(scenario: Scenario, fails: (candidate: Scenario) => boolean): Scenario {
  let smallest = scenario;
  for (;;) {
    const smaller = smallerOf(smallest, fails);
    if (smaller === undefined) return smallest;
    smallest = smaller;
  }
}

/** Returns a smaller scenario that still fails; undefined when there is none. */
function smallerOf(scenario: Scenario, fails: (candidate: Scenario) => boolean): Scenario | undefined {
  const { messages, faults } = scenario;
  for (let size = Math.max(messages.length, faults.length); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < faults.length; at += size) {
      const candidate = { ...scenario, faults: faults.toSpliced(at, size) };
      if (candidate.faults.length < faults.length && fails(candidate)) return candidate;
    }
    for (let at = 0; at < messages.length; at += size) {
      const candidate = { ...scenario, messages: messages.toSpliced(at, size) };
      if (candidate.messages.length > 0 && fails(candidate)) return candidate;
    }
  }
  for (const [n, message] of messages.entries()) {
    if (message.to.length < 2) continue;
    const candidate = { ...scenario, messages: messages.with(n, { ...message, to: message.to.slice(0, 1) }) };
    if (fails(candidate)) return candidate;
  }
  return undefined;
}
