import type { Spread } from '../judge.ts';
import { short } from './quantity.ts';
import { decades, linear, logSteps, type Scale } from './scale.ts';

// Small multiples as an SVG file: text, so that a change of a measurement is a change of lines.

/** A value at a step: the least, the middle and the most of its runs. */
interface Point extends Spread {
  readonly step: number;
}

export interface Panel {
  readonly title: string;
  readonly scale: 'linear' | 'log';
  /** `ours` is drawn full, with its values; `bare` beside it, pale. Either may be empty. */
  readonly series: readonly { readonly name: 'ours' | 'bare'; readonly points: readonly Point[] }[];
}

export interface Chart {
  readonly title: string;
  /** What grows to the right, and how its steps are written. */
  readonly grows: string;
  readonly stepText: (step: number) => string;
  /** What the picture stands on: place and time of the measurement. */
  readonly foot: string;
  readonly panels: readonly Panel[];
}

const COLUMNS = 2;
const PANEL = { width: 450, height: 230 };
/** Room around the plot of a panel for its title and the ticks of its scales. */
const ROOM = { left: 70, right: 24, top: 34, bottom: 42 };
/** From the sides of a plot to the first and last step: room for half a value. */
const EDGE = 22;
const HEAD = 58;
const FOOT = 28;

/** Own ground and two sets of colours: a page that is dark while its reader's system is light shows it as well. */
const STYLE = `
    text { font: 12px system-ui, sans-serif; fill: #57606a; }
    .title { font-size: 15px; font-weight: 600; fill: #1f2328; }
    .name { font-size: 13px; font-weight: 600; fill: #1f2328; }
    .value { font-size: 11px; fill: #1f2328; paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }
    .ground { fill: #ffffff; }
    .grid { stroke: #d8dee4; fill: none; }
    .ours { stroke: #0969da; stroke-width: 2; fill: none; }
    .bare { stroke: #8c959f; stroke-width: 1.5; stroke-dasharray: 5 4; fill: none; }
    circle { fill: #0969da; }
    @media (prefers-color-scheme: dark) {
      text { fill: #9198a1; }
      .title, .name { fill: #f0f6fc; }
      .value { fill: #f0f6fc; stroke: #0d1117; }
      .ground { fill: #0d1117; }
      .grid { stroke: #30363d; }
      .ours { stroke: #58a6ff; }
      .bare { stroke: #7d8590; }
      circle { fill: #58a6ff; }
    }`;

/** The whole picture; the same chart is the same text. */
export function svg({ title, grows, stepText, foot, panels }: Chart): string {
  const width = COLUMNS * PANEL.width;
  const height = HEAD + Math.ceil(panels.length / COLUMNS) * PANEL.height + FOOT;
  const hasBare = panels.some(({ series }) => series.some(({ name, points }) => name === 'bare' && points.length > 0));
  const body = panels.map((panel, n) => {
    const [column, row] = [n % COLUMNS, Math.floor(n / COLUMNS)];
    return `<g transform="translate(${column * PANEL.width} ${HEAD + row * PANEL.height})">\n${panelLines(panel, grows, stepText).join('\n')}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="6"/>`,
    text(16, 26, title, 'title'),
    ...legend(hasBare),
    ...body,
    text(16, height - 10, foot),
    '</svg>\n',
  ].join('\n');
}

function legend(hasBare: boolean): string[] {
  const ours = [line('ours', 16, 44, 44, 44), text(50, 48, 'our relay: the middle and the range of its runs')];
  if (!hasBare) return ours;
  const words = 'the bare worker: the same platform, a relay that only passes on';
  return [...ours, line('bare', 340, 44, 368, 44), text(374, 48, words)];
}

function panelLines({ title, scale, series }: Panel, grows: string, stepText: Chart['stepText']): string[] {
  const points = series.flatMap((each) => each.points);
  const [left, right] = [ROOM.left, PANEL.width - ROOM.right];
  const [top, bottom] = [ROOM.top, PANEL.height - ROOM.bottom];
  const x = logSteps(
    [...new Set(points.map(({ step }) => step))].sort((a, b) => a - b),
    [left + EDGE, right - EDGE],
  );
  const y = vertical(scale, points, [bottom, top]);
  return [
    text(left, 16, title, 'name'),
    ...y.ticks.flatMap((tick) => [
      line('grid', left, place(y.at(tick)), right, place(y.at(tick))),
      text(left - 6, place(y.at(tick) + 4), short(tick), '', 'end'),
    ]),
    ...x.ticks.map((tick) => text(place(x.at(tick)), bottom + 17, stepText(tick), '', 'middle')),
    text((left + right) / 2, bottom + 34, grows, '', 'middle'),
    ...series.flatMap(({ name, points }) => (points.length === 0 ? [] : [curve(name, points, x, y)])),
    ...series.filter(({ name }) => name === 'ours').flatMap(({ points }) => marks(points, x, y)),
  ];
}

function vertical(scale: Panel['scale'], points: readonly Point[], range: readonly [number, number]): Scale {
  const most = Math.max(...points.map(({ max }) => max));
  return scale === 'linear' ? linear(most, range) : decades(Math.min(...points.map(({ min }) => min)), most, range);
}

function curve(name: string, points: readonly Point[], x: Scale, y: Scale): string {
  const path = points.map(({ step, median }, n) => `${n === 0 ? 'M' : 'L'}${place(x.at(step))} ${place(y.at(median))}`);
  return `<path class="${name}" d="${path.join(' ')}"/>`;
}

/** A dot at each middle, a line from the least to the most, and the value. */
function marks(points: readonly Point[], x: Scale, y: Scale): string[] {
  return points.flatMap(({ step, min, median, max }) => {
    const at = place(x.at(step));
    return [
      line('ours', at, place(y.at(min)), at, place(y.at(max))),
      `<circle cx="${at}" cy="${place(y.at(median))}" r="3.5"/>`,
      text(at, place(y.at(max) - 8), short(median), 'value', 'middle'),
    ];
  });
}

function line(name: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${name}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function text(x: number, y: number, words: string, name = '', anchor = ''): string {
  const attributes = [name && ` class="${name}"`, anchor && ` text-anchor="${anchor}"`].join('');
  return `<text x="${x}" y="${y}"${attributes}>${escaped(words)}</text>`;
}

/** A tenth of a pixel is enough. */
function place(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
