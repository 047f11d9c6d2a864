/** The names of RMB's lists and keys in Redis, as all its programs know them. */
export const QUEUES = {
  requests: 'msgbus.system.local',
  responses: 'msgbus.system.reply',
  command: (command: string) => `msgbus.${command}`,
  backlog: (uid: string) => `msgbus.backlog.${uid}`,
} as const;

/** A list without a reader keeps this many entries, the newest. */
export const MAX_ENTRIES = 10_000;
