import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Parts of the world as the latency table has them. The platform splits one of them, apac, further. */
export const PLACES = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;

export type Place = (typeof PLACES)[number];

const place = z.enum(PLACES);
const ms = z.number().positive();

/**
 * Round trips in ms, at a date. `access`: between a twin, or a server, and the data centre of its own place. `objectsIn`:
 * places where the platform makes no objects, and where it makes theirs. `between`: between the data centres of two places.
 */
const schema = z
  .object({
    date: z.iso.date(),
    access: z.record(place, ms),
    objectsIn: z.partialRecord(place, place),
    between: z.partialRecord(place, z.partialRecord(place, ms)),
  })
  .superRefine(({ between }, context) => {
    for (const [n, a] of PLACES.entries()) {
      for (const b of PLACES.slice(n + 1)) {
        const given = [between[a]?.[b], between[b]?.[a]].filter((each) => each !== undefined);
        if (given.length !== 1) {
          context.addIssue({ code: 'custom', message: `${a}–${b}: expected one figure, got ${given.length}` });
        }
      }
    }
  });

export type LatencyFigures = z.infer<typeof schema>;

/** Parses figures. Throws when a figure is missing, or is there twice. */
export function parseFigures(json: unknown): LatencyFigures {
  return schema.parse(json);
}

/** Reads the figures of this folder. */
export function readFigures(): LatencyFigures {
  return parseFigures(JSON.parse(readFileSync(new URL('figures.json', import.meta.url), 'utf8')));
}
