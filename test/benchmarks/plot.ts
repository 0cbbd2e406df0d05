/** One line, or loose points, of a plot. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly isLine?: boolean;
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** @default false */
  readonly hasLogX?: boolean;
  /** Where the x axis has numbers. */
  readonly ticks?: readonly number[];
  readonly highestY?: number;
}

const [WIDTH, HEIGHT] = [760, 420];
const EDGE = { left: 64, right: 210, top: 44, bottom: 52 };
/** Told apart by people who see colors differently, on white and on black. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b8860b', '#56b4e9', '#8a8a8a'];

/** Draws an SVG that is legible on a light and on a dark page. */
export function draw({ title, x, y, series, hasLogX = false, ticks, highestY }: Plot): string {
  const points = series.flatMap((one) => one.points);
  const scaleX = hasLogX ? Math.log10 : (value: number) => value;
  const [minX, maxX] = [Math.min(...points.map(([px]) => px)), Math.max(...points.map(([px]) => px))];
  const from = hasLogX ? minX : Math.min(0, minX);
  const stepY = niceStep((highestY ?? Math.max(...points.map(([, py]) => py))) / 5);
  const maxY = Math.ceil((highestY ?? Math.max(...points.map(([, py]) => py))) / stepY) * stepY;
  const [innerWidth, innerHeight] = [WIDTH - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
  const toX = (value: number) =>
    EDGE.left + (innerWidth * (scaleX(value) - scaleX(from))) / Math.max(1e-9, scaleX(maxX) - scaleX(from));
  const toY = (value: number) => EDGE.top + innerHeight * (1 - Math.min(value, maxY) / maxY);
  const ticksY = Array.from({ length: Math.round(maxY / stepY) + 1 }, (_, n) => n * stepY);
  const sizes = [...new Set(points.map(([px]) => px))].sort((a, b) => a - b);
  const ticksX = ticks ?? (hasLogX ? sizes : ticksOf(from, maxX));
  const parts = [
    ...ticksY.flatMap((value) => [
      `<line class="grid" x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${round(toY(value))}" y2="${round(toY(value))}"/>`,
      `<text x="${EDGE.left - 8}" y="${round(toY(value) + 4)}" text-anchor="end">${short(value)}</text>`,
    ]),
    ...ticksX.map(
      (value) =>
        `<text x="${round(toX(value))}" y="${HEIGHT - EDGE.bottom + 18}" text-anchor="middle">${short(value)}</text>`,
    ),
    ...series.flatMap((one, n) => drawSeries(one, COLORS[n % COLORS.length] ?? '', toX, toY, n)),
    `<text class="title" x="${EDGE.left}" y="24">${escape(title)}</text>`,
    `<text x="${EDGE.left + innerWidth / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escape(x)}</text>`,
    `<text transform="translate(16 ${EDGE.top + innerHeight / 2}) rotate(-90)" text-anchor="middle">${escape(y)}</text>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escape(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #333 }
.title { font-size: 16px; font-weight: 600 }
.grid { stroke: #8886 }
.back { fill: #fff }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .back { fill: #0d1117 } }
</style>
<rect class="back" width="${WIDTH}" height="${HEIGHT}" rx="8"/>
${parts.join('\n')}
</svg>
`;
}

type Scale = (value: number) => number;

function drawSeries(
  { name, points, isLine = true }: Series,
  color: string,
  toX: Scale,
  toY: Scale,
  n: number,
): string[] {
  const path = points.map(([px, py], k) => `${k === 0 ? 'M' : 'L'}${round(toX(px))} ${round(toY(py))}`).join('');
  const labelY = EDGE.top + 14 + n * 22;
  const labelX = WIDTH - EDGE.right + 16;
  const dots = points.length <= 40 ? points : [];
  return [
    ...(isLine ? [`<path d="${path}" fill="none" stroke="${color}" stroke-width="2"/>`] : []),
    ...dots.map(
      ([px, py]) => `<circle cx="${round(toX(px))}" cy="${round(toY(py))}" r="${isLine ? 3 : 5}" fill="${color}"/>`,
    ),
    `<circle cx="${labelX}" cy="${labelY - 4}" r="5" fill="${color}"/>`,
    `<text x="${labelX + 12}" y="${labelY}">${escape(name)}</text>`,
  ];
}

function ticksOf(from: number, to: number): number[] {
  const step = niceStep((to - from) / 6);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step);
}

/** 1, 2, or 5 times a power of ten. */
function niceStep(about: number): number {
  const power = 10 ** Math.floor(Math.log10(about));
  return ([1, 2, 5, 10].find((times) => times * power >= about) ?? 10) * power;
}

function round(value: number): string {
  return value.toFixed(1);
}

function short(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
