import type { Wakes } from '../ports.ts';

/** A page that comes back to life: from another page, from another tab, or with its network. */
const EVENTS = ['pageshow', 'visibilitychange', 'online'] as const;

/**
 * Tells when a page, or a worker of one, should look at its connections at once: its timers may have slept for hours, and
 * its sockets may have died meanwhile. Undefined where the host has no such events: Node and workerd.
 */
export function pageWakes(): Wakes | undefined {
  const page: unknown = globalThis;
  if (!(page instanceof EventTarget) || !('onLine' in navigator)) return undefined;
  return (look) => {
    const onEvent = ({ target }: Event) => {
      if (!isHidden(target)) look();
    };
    for (const event of EVENTS) page.addEventListener(event, onEvent);
    return () => {
      for (const event of EVENTS) page.removeEventListener(event, onEvent);
    };
  };
}

/** Returns whether this is the document of a page that nobody sees. */
function isHidden(target: EventTarget | null): boolean {
  return target !== null && 'visibilityState' in target && target.visibilityState === 'hidden';
}
