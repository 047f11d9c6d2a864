import { dollars, number } from '../../checks/cost/page.ts';
import { PRICES, type Units } from '../../checks/cost/prices.ts';
import { markdownTable as table } from '../../checks/page-tables.ts';
import { type GridRecord, type Planned, resultOf } from '../plan.ts';
import type { Use } from '../result.ts';
import { SCENARIOS } from '../scenarios.ts';
import { monthOf, monthPrice, price } from '../use.ts';

const MILLION = 1e6;

/** Returns a month's use and price of runs that show ordinary traffic. */
export function monthTable(record: GridRecord, runs: readonly Planned[]): string {
  return table(
    [
      'traffic',
      'grid',
      'messages',
      'requests of objects',
      'rows written',
      'KV reads',
      'GB-s',
      'a month, beyond the plan',
    ],
    runs.map(({ scenario, growth, limit }) => {
      const { use, usedMs } = resultOf(record, scenario, growth, limit);
      const month = monthOf(use, usedMs);
      const part = (unit: keyof Units) => `${millions(month[unit])}, ${whole(beyond(unit, month))}`;
      return [
        SCENARIOS[scenario].title,
        `×${growth}`,
        millions(month.messages),
        part('objectRequests'),
        part('rowsWritten'),
        part('kvReads'),
        part('gbSeconds'),
        `**${whole(monthPrice(month))}**`,
      ];
    }),
  );
}

/** Returns the calls, rows and KV operations of incidents, and what each costs at list price. */
export function incidentTable(record: GridRecord, runs: readonly Planned[]): string {
  return table(
    [
      'scenario',
      'grid',
      'upgrades',
      'calls between objects',
      'rows written',
      'KV reads',
      'KV writes',
      'dials of the chain',
      'twins read',
      'the run, at list price',
    ],
    runs.map(({ scenario, growth, limit }) => {
      const { use, chain } = resultOf(record, scenario, growth, limit);
      return [
        SCENARIOS[scenario].title,
        `×${growth}`,
        number(use.requests),
        number(use.calls),
        number(Math.round(use.rowsWritten)),
        number(use.kvReads),
        number(use.kvWrites),
        number(chain.dials),
        number(chain.reads),
        dollars(price(use)),
      ];
    }),
  );
}

/** Returns the part of a month's price that reads of KV are, of a run. */
export function kvShare(record: GridRecord, { scenario, growth, limit }: Planned): number {
  const { use, usedMs } = resultOf(record, scenario, growth, limit);
  const month = monthOf(use, usedMs);
  return beyond('kvReads', month) / monthPrice(month);
}

function beyond(unit: keyof Units, use: Use): number {
  const found = PRICES.find((each) => each.unit === unit);
  return found === undefined ? 0 : (Math.max(0, use[unit] - found.included) / MILLION) * found.million;
}

function millions(value: number): string {
  return `${number(Number((value / MILLION).toFixed(value < 100 * MILLION ? 1 : 0)))} M`;
}

function whole(value: number): string {
  return value < 100 ? dollars(value) : `$${number(Math.round(value))}`;
}
