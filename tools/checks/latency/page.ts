import { markdownTable, withTables } from '../page-tables.ts';
import { type LatencyFigures, PLACES, type Place } from './figures.ts';
import { roundTrips } from './round-trip.ts';

const NAMES: Readonly<Record<Place, string>> = {
  wnam: 'western North America',
  enam: 'eastern North America',
  sam: 'South America',
  weur: 'western Europe',
  eeur: 'eastern Europe',
  apac: 'Asia and Pacific',
  oc: 'Oceania',
  afr: 'Africa',
  me: 'Middle East',
};

/** Where the Rust relays are, and with them most of the first senders. */
const RUST: Place = 'weur';
/** A place that is at home to neither twin of most pairs. */
const FAR: Place = 'wnam';

/** Returns docs/placement.md with its tables replaced. Throws when a mark is missing. */
export function withLatencyTables(page: string, figures: LatencyFigures): string {
  return withTables(page, 'docs/placement.md', 'npm run latency', {
    figures: figuresTable(figures),
    'round trips': roundTripsTable(figures),
  });
}

function figuresTable({ date, access, objectsIn, between }: LatencyFigures): string {
  const head = [`ms, assumed, ${date}`, 'region', 'objects in', 'access', ...PLACES];
  const rows = PLACES.map((a) => [
    NAMES[a],
    a,
    objectsIn[a] ?? a,
    String(access[a]),
    ...PLACES.map((b) => String(between[a]?.[b] ?? between[b]?.[a] ?? '')),
  ]);
  return markdownTable(head, rows);
}

function roundTripsTable(figures: LatencyFigures): string {
  const { rust, edge } = roundTrips(figures);
  const rows = PLACES.flatMap((a, n) =>
    PLACES.slice(n).map((b) => [
      `${a} – ${b}`,
      String(rust(a, b, RUST)),
      `**${edge(a, b, a, b)}**`,
      String(edge(a, b, RUST, RUST)),
      String(edge(a, b, FAR, FAR)),
      String(edge(a, b, b, a)),
    ]),
  );
  const made = `both objects in ${RUST}`;
  const head = ['twins in', `Rust relay in ${RUST}`, 'each object at home', made, `both in ${FAR}`, 'swapped'];
  return markdownTable(head, rows);
}
