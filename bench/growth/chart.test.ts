import { expect, test } from 'vitest';
import { type Panel, svg } from './chart.ts';

const points = [
  { step: 1, min: 90, median: 100, max: 110 },
  { step: 100, min: 40, median: 50, max: 60 },
];

function chart(series: Panel['series']): string {
  const panel: Panel = { title: 'a second', scale: 'linear', series };
  return svg({ title: 'A < B & C', grows: 'twins', stepText: String, foot: 'here', panels: [panel] });
}

test('a curve goes through the middles, and each has its value', () => {
  const text = chart([{ name: 'ours', points }]);
  // The scale goes to 150; the plot is 154 high and ends at 188.
  expect(text).toContain('<path class="ours" d="M92 85.3 L404 136.7"/>');
  expect(text).toContain('text-anchor="middle">100</text>');
  expect(text).toContain('text-anchor="middle">50</text>');
});

test('the bare worker has a curve where it was measured, and is named only then', () => {
  const alone = chart([
    { name: 'ours', points },
    { name: 'bare', points: [] },
  ]);
  expect(alone).not.toContain('class="bare"');
  const both = chart([
    { name: 'ours', points },
    { name: 'bare', points },
  ]);
  expect(both).toContain('<path class="bare"');
  expect(both).toContain('the bare worker');
});

test('words cannot break out of their place', () => {
  expect(chart([{ name: 'ours', points }])).toContain('<title>A &lt; B &amp; C</title>');
});
