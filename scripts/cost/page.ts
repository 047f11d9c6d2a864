import { FAR, type Idling, idleMonth, NEAR, unitsOf } from './bill.ts';
import { type Figures, IDLE, MESSAGES } from './figures.ts';
import { beyondPlan, listPrice, PRICES, PRICES_OF } from './prices.ts';

const MILLION = 1e6;

/** What docs/cost.md promises, in US dollars. */
export const GOALS = { online: 0.05, stored: 0.25, idle: 0.1 };

/** Twins that are connected for a month, and say nothing. */
export const IDLE_TWINS: Idling = { twins: 10_000, reconnections: 1, pingEnvelopes: false };

/** The tables of docs/cost.md that follow from the figures. */
function tables(): Record<'prices' | 'messages' | 'connections' | 'idle', string> {
  return {
    prices: table(
      [`list prices, ${PRICES_OF}`, 'a million', 'allowance a month'],
      PRICES.map(({ title, million, included }) => [title, dollars(million), number(included)]),
    ),
    messages: table(
      ['a million messages', 'requests', 'requests of objects', 'rows written', 'objects busy', 'near', 'far', 'goal'],
      Object.entries(MESSAGES).map(([name, figures]) => [
        figures.title,
        number(figures.each.requests * MILLION),
        number(figures.each.objectRequests * MILLION),
        number(figures.each.rowsWritten * MILLION),
        `${figures.busyMs} ms each`,
        `**${dollars(listPrice(unitsOf(figures, MILLION, NEAR)))}**`,
        dollars(listPrice(unitsOf(figures, MILLION, FAR))),
        name === 'online' || name === 'stored' ? dollars(GOALS[name]) : '',
      ]),
    ),
    connections: table(
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
    idle: table(
      ['10,000 idle twins, a month', 'requests of objects', 'rows written', 'GB-s', 'beyond the plan', 'goal'],
      (
        [
          ['pings of WebSocket, connected all the time', { ...IDLE_TWINS, reconnections: 0 }],
          ['the same, a new connection a day', IDLE_TWINS],
          ['the same, five a day', { ...IDLE_TWINS, reconnections: 5 }],
          ['a ping envelope every 20 s, a new connection a day', { ...IDLE_TWINS, pingEnvelopes: true }],
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
  };
}

/** @throws when a mark is missing */
export function withTables(page: string): string {
  return Object.entries(tables()).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- ${name}: npm run cost -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/cost.md: no place between ${begin} and ${end}`);
    return `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(to)}`;
  }, page);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** To the cent, and small amounts to the tenth of it. */
function dollars(value: number): string {
  return `$${value.toFixed(value > 0 && value < 0.1 ? 3 : 2)}`;
}
