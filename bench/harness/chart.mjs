// Curves as an SVG picture: both axes are logarithmic, panels stand side by side, and limits are drawn in. It is readable
// in light and in dark, and without colours: a line's dots are full or hollow.

/**
 * @typedef {object} Line
 * @property {string} name   in the legend; lines of equal names look the same in every panel
 * @property {readonly (readonly [x: number, y: number])[]} points   all positive, in the order of x
 */

/**
 * @typedef {object} Panel
 * @property {string} title
 * @property {readonly Line[]} lines
 * @property {readonly { name: string, y: number }[]} limits   horizontal lines, with their names on them
 */

/**
 * @typedef {object} Picture
 * @property {string} title
 * @property {string} xTitle
 * @property {string} yTitle
 * @property {readonly number[]} xTicks
 * @property {readonly Panel[]} panels   at least one, with equal axes
 */

const margin = { left: 56, right: 24, top: 64, bottom: 80 };
const panelSize = { width: 400, height: 300, gap: 48 };
const looks = 4;

const style = `
  text { font: 12px system-ui, sans-serif; fill: var(--ink); }
  .title { font-size: 15px; font-weight: 600; }
  .panel { font-size: 13px; font-weight: 600; }
  .grid { stroke: var(--grid); }
  .axes { stroke: var(--ink); fill: none; }
  .limit { stroke: var(--ink); stroke-dasharray: 6 4; }
  .line { fill: none; stroke-width: 2; stroke: var(--own); }
  .dot { stroke: var(--own); stroke-width: 2; fill: var(--own); }
  .hollow { fill: var(--paper); }
  .paper { fill: var(--paper); }
  .look0, .look1 { --own: var(--first); }
  .look2, .look3 { --own: var(--second); }
  svg { --paper: #ffffff; --ink: #24292f; --grid: #e4e7eb; --first: #0b63ce; --second: #b3500b; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #d6dde4; --grid: #262d36; --first: #6cb2ff; --second: #ffa657; }
  }
`;

/** @returns {string} a whole SVG file */
export function drawChart(/** @type {Picture} */ { title, xTitle, yTitle, xTicks, panels }) {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  if (names.length > looks) throw new RangeError(`${names.length} lines of ${looks} looks`);
  const values = panels.flatMap(({ lines, limits }) => [
    ...lines.flatMap(({ points }) => points.map(([, y]) => y)),
    ...limits.map(({ y }) => y),
  ]);
  const yTicks = ticksAround(Math.min(...values), Math.max(...values));
  const width =
    margin.left + panels.length * (panelSize.width + panelSize.gap) - panelSize.gap + margin.right;
  const height = margin.top + panelSize.height + margin.bottom;
  const bottom = margin.top + panelSize.height;
  const y = logScale([first(yTicks), last(yTicks)], [bottom, margin.top]);

  const drawn = panels.map((panel, i) => {
    const left = margin.left + i * (panelSize.width + panelSize.gap);
    const right = left + panelSize.width;
    const x = logScale([first(xTicks), last(xTicks)], [left + 12, right - 12]);
    return [
      text(panel.title, left, margin.top - 14, { class: 'panel' }),
      ...yTicks.flatMap((tick) => [
        line(left, y(tick), right, y(tick), 'grid'),
        text(amount(tick), left - 8, y(tick) + 4, { 'text-anchor': 'end' }),
      ]),
      ...xTicks.map((tick) => text(amount(tick), x(tick), bottom + 18, { 'text-anchor': 'middle' })),
      element('path', { class: 'axes', d: `M${left},${margin.top}V${bottom}H${right}` }),
      ...panel.limits.flatMap((limit) => [
        line(left, y(limit.y), right, y(limit.y), 'limit'),
        text(limit.name, left + 6, y(limit.y) - 5),
      ]),
      ...panel.lines.flatMap(({ name, points }) => {
        const look = names.indexOf(name);
        const places = points.map(([px, py]) => /** @type {[number, number]} */ ([x(px), y(py)]));
        const path = places.map((place) => place.map(round).join(',')).join(' ');
        return [
          element('polyline', { class: `line look${look}`, points: path }),
          ...places.map(([px, py]) => dot(look, px, py)),
        ];
      }),
    ].join('\n');
  });
  const middle = margin.left + (width - margin.left - margin.right) / 2;
  const across = margin.top + panelSize.height / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style}</style>`,
    element('rect', { class: 'paper', width, height }),
    text(title, margin.left, 26, { class: 'title' }),
    text(xTitle, middle, bottom + 40, { 'text-anchor': 'middle' }),
    text(yTitle, 16, across, { 'text-anchor': 'middle', transform: `rotate(-90 16 ${across})` }),
    ...drawn,
    ...legend(names, height - 14),
    '</svg>',
    '',
  ].join('\n');
}

/**
 * A scale that turns equal ratios into equal distances.
 *
 * @param {readonly [from: number, to: number]} range   positive
 * @param {readonly [start: number, end: number]} places
 */
export function logScale([from, to], [start, end]) {
  return (/** @type {number} */ value) =>
    start + ((end - start) * Math.log(value / from)) / Math.log(to / from);
}

/**
 * Ticks at 1, 2 and 5 times powers of ten, or at powers of ten alone if there would be more than ten. The first is not
 * above the least value, and the last is above the greatest.
 *
 * @param {number} least   positive
 * @param {number} greatest
 */
export function ticksAround(least, greatest) {
  const fine = ticks(least, greatest, [1, 2, 5]);
  return fine.length > 10 ? ticks(least, greatest, [1]) : fine;
}

/** @returns {number[]} */
function ticks(
  /** @type {number} */ least,
  /** @type {number} */ greatest,
  /** @type {readonly number[]} */ steps,
) {
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(greatest)) + 1];
  const all = Array.from({ length: to - from + 1 }, (_, i) => from + i).flatMap((power) =>
    steps.map((step) => Number(`${step}e${power}`)),
  );
  return all.slice(
    all.findLastIndex((tick) => tick <= least),
    all.findIndex((tick) => tick > greatest) + 1,
  );
}

/** 0.5, 200, 3 k, 1 M */
export function amount(/** @type {number} */ value) {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1e4 ? `${value / 1e3} k` : String(value);
}

/** @returns {string[]} */
function legend(/** @type {readonly string[]} */ names, /** @type {number} */ y) {
  const width = 190;
  return names.flatMap((name, look) => {
    const x = margin.left + look * width;
    const points = `${x},${y - 4} ${x + 28},${y - 4}`;
    return [
      element('polyline', { class: `line look${look}`, points }),
      dot(look, x + 14, y - 4),
      text(name, x + 36, y),
    ];
  });
}

function dot(/** @type {number} */ look, /** @type {number} */ cx, /** @type {number} */ cy) {
  return element('circle', { class: `dot look${look}${look % 2 === 0 ? '' : ' hollow'}`, cx, cy, r: 3.5 });
}

function line(
  /** @type {number} */ x1,
  /** @type {number} */ y1,
  /** @type {number} */ x2,
  /** @type {number} */ y2,
  /** @type {string} */ kind,
) {
  return element('line', { class: kind, x1, y1, x2, y2 });
}

function text(
  /** @type {string} */ content,
  /** @type {number} */ x,
  /** @type {number} */ y,
  /** @type {Record<string, string>} */ attributes = {},
) {
  return element('text', { x, y, ...attributes }, escaped(content));
}

function element(
  /** @type {string} */ name,
  /** @type {Record<string, string | number>} */ attributes,
  content = '',
) {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escaped(value)}"`,
  );
  return content === ''
    ? `<${name}${written.join('')}/>`
    : `<${name}${written.join('')}>${content}</${name}>`;
}

function round(/** @type {number} */ value) {
  return Number(value.toFixed(1));
}

function escaped(/** @type {string} */ value) {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** @template T @returns {T} */
function first(/** @type {readonly T[]} */ values) {
  return /** @type {T} */ (values[0]);
}

/** @template T @returns {T} */
function last(/** @type {readonly T[]} */ values) {
  return /** @type {T} */ (values.at(-1));
}
