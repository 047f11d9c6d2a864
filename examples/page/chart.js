/** The newest values that a chart shows. */
const MOST = 60;
const [WIDTH, HEIGHT, EDGE] = [300, 60, 4];

/** Draws the first number of each value as a line. Returns what it shows, for people. */
export function draw(values) {
  const numbers = values.slice(-MOST).map(numberIn);
  const field = fieldOf(values.at(-1));
  if (numbers.some((number) => number === undefined)) return 'These values hold no number to draw.';
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const points = numbers.map((number, n) => {
    const x = numbers.length === 1 ? WIDTH : (n / (numbers.length - 1)) * WIDTH;
    const y = high === low ? HEIGHT / 2 : HEIGHT - EDGE - ((number - low) / (high - low)) * (HEIGHT - 2 * EDGE);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  document.getElementById('line').setAttribute('points', points.join(' '));
  document.getElementById('area').setAttribute('points', `0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`);
  const text = (number) => String(Math.round(number * 100) / 100);
  return `${field ?? 'value'} ${text(numbers.at(-1))}, between ${text(low)} and ${text(high)}`;
}

/** The name of the first field that holds a number; undefined where the value itself is one. */
function fieldOf(value) {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.keys(value).find((name) => typeof value[name] === 'number');
}

function numberIn(value) {
  if (typeof value === 'number') return value;
  const field = fieldOf(value);
  return field === undefined ? undefined : value[field];
}
