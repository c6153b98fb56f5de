// The losses of a training by epoch, as SVG.

const [width, height] = [480, 240];
const margin = { left: 44, right: 8, top: 8, bottom: 28 };
const series = ['loss', 'valLoss'];
/** A longer curve is drawn with fewer points than it has. */
const mostPoints = 500;

export class Chart {
  #svg;
  #points = [];
  #drawing = false;

  constructor(svg) {
    this.#svg = svg;
  }

  clear() {
    this.#points = [];
    this.#draw();
  }

  /** @param {{ epoch: number, loss: number, valLoss?: number }} point */
  add(point) {
    this.#points.push(point);
    // Many epochs may come between two frames of the screen.
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw() {
    const step = Math.ceil(this.#points.length / mostPoints);
    const points = this.#points.filter((_, i) => i % step === 0 || i === this.#points.length - 1);
    if (points.length === 0) return this.#svg.replaceChildren();
    const values = points.flatMap((point) => series.map((name) => point[name])).filter(Number.isFinite);
    const [least, greatest] = [Math.min(...values), Math.max(...values)];
    const last = points.at(-1).epoch;
    const x = scale([Math.min(1, last - 1), last], [margin.left, width - margin.right]);
    const y = scale([least, greatest], [height - margin.bottom, margin.top]);
    const lines = series.map((name) => {
      const known = points.filter((point) => Number.isFinite(point[name]));
      return element('polyline', {
        class: name,
        points: known.map((point) => `${x(point.epoch).toFixed(1)},${y(point[name]).toFixed(1)}`).join(' '),
      });
    });
    const end = 'text-anchor';
    this.#svg.replaceChildren(
      element('path', { class: 'axes', d: axes }),
      text(greatest.toFixed(3), { x: margin.left - 6, y: margin.top + 10, [end]: 'end' }),
      text(least.toFixed(3), { x: margin.left - 6, y: height - margin.bottom, [end]: 'end' }),
      text(`epoch ${last}`, { class: 'epoch', x: width - margin.right, y: height - 8, [end]: 'end' }),
      ...lines,
    );
  }
}

const axes = `M${margin.left},${margin.top}V${height - margin.bottom}H${width - margin.right}`;

/** A straight line through two points; a range of no width lies in the middle. */
function scale([from, to], [start, end]) {
  return (value) =>
    to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start);
}

function element(name, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function text(content, attributes) {
  const made = element('text', attributes);
  made.textContent = content;
  return made;
}
