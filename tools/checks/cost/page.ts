import { markdownTable, withTables } from '../page-tables.ts';
import { FAR, type Idling, idleMonth, invocations, NEAR, pingsOf, unitsOf } from './bill.ts';
import { type Figures, IDLE, MESSAGES } from './figures.ts';
import { beyondPlan, listPrice, PRICES, PRICES_OF } from './prices.ts';

const MILLION = 1e6;

/** Goals of docs/cost.md, in US dollars. */
export const GOALS = { online: 0.05, onlineCustody: 0.03, stored: 0.25, federated: 0.2, idle: 0.1 };

/** Twins that are connected for a month and send nothing. */
export const IDLE_TWINS: Idling = { twins: 10_000, reconnections: 1, pingEnvelopes: false };

const PINGING_TWINS: Idling = { ...IDLE_TWINS, pingEnvelopes: true };

function isGoal(name: string): name is keyof typeof GOALS {
  return Object.hasOwn(GOALS, name);
}

/** Returns the tables of docs/cost.md that are computed from the figures. */
function tables(): Record<'prices' | 'messages' | 'connections' | 'idle' | 'logs', string> {
  return {
    prices: markdownTable(
      [`list prices, ${PRICES_OF}`, 'a million', 'allowance a month'],
      PRICES.map(({ title, million, included }) => [title, dollars(million), number(included)]),
    ),
    messages: markdownTable(
      ['a million messages', 'requests', 'requests of objects', 'rows written', 'objects busy', 'near', 'far', 'goal'],
      Object.entries(MESSAGES).map(([name, figures]) => [
        figures.title,
        number(figures.each.requests * MILLION),
        number(figures.each.objectRequests * MILLION),
        number(figures.each.rowsWritten * MILLION),
        `${figures.busyMs} ms each`,
        `**${dollars(listPrice(unitsOf(figures, MILLION, NEAR)))}**`,
        dollars(listPrice(unitsOf(figures, MILLION, FAR))),
        isGoal(name) ? dollars(GOALS[name]) : '',
      ]),
    ),
    connections: markdownTable(
      ['each', 'requests', 'requests of objects', 'rows written', 'rows read', 'a million, at list price'],
      Object.values<Figures>(IDLE).map((figures) => [
        figures.title,
        number(figures.each.requests),
        number(figures.each.objectRequests),
        number(figures.each.rowsWritten),
        number(figures.each.rowsRead),
        dollars(listPrice(unitsOf(figures, MILLION, NEAR))),
      ]),
    ),
    idle: markdownTable(
      ['10,000 idle twins, a month', 'requests of objects', 'rows written', 'GB-s', 'beyond the plan', 'goal'],
      (
        [
          ['WebSocket pings, always connected', { ...IDLE_TWINS, reconnections: 0 }],
          ['the same, one reconnection a day', IDLE_TWINS],
          ['the same, five reconnections a day', { ...IDLE_TWINS, reconnections: 5 }],
          ['a ping envelope every 20 s, one reconnection a day', PINGING_TWINS],
        ] as const
      ).map(([title, idling]) => {
        const units = idleMonth(idling);
        return [
          title,
          number(units.objectRequests),
          number(units.rowsWritten),
          number(Math.round(units.gbSeconds)),
          `**${dollars(beyondPlan(units))}**`,
          idling === IDLE_TWINS ? dollars(GOALS.idle) : '',
        ];
      }),
    ),
    logs: markdownTable(
      ['if each invocation were logged', 'lines of the log', 'their price', 'the rest'],
      [
        [
          'a million messages, online, 32 at once',
          unitsOf(MESSAGES.online, MILLION, NEAR),
          MILLION,
          listPrice,
        ] as const,
        [
          '10,000 twins with a ping envelope every 20 s, a month',
          idleMonth(PINGING_TWINS),
          pingsOf(PINGING_TWINS),
          beyondPlan,
        ] as const,
      ].map(([title, units, frames, price]) => {
        const logLines = invocations(units, frames);
        const rest = price(units);
        return [title, number(logLines), dollars(price({ ...units, logLines }) - rest), dollars(rest)];
      }),
    ),
  };
}

/** Returns docs/cost.md with its tables replaced. Throws when a mark is missing. */
export function withCostTables(page: string): string {
  return withTables(page, 'docs/cost.md', 'npm run cost', tables());
}

/** Returns a number with at most two decimals. */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** Rounds to the cent, and small amounts to a tenth of it. */
export function dollars(value: number): string {
  return `$${value.toFixed(value > 0 && value < 0.1 ? 3 : 2)}`;
}
