import { h, svg } from './dom.ts';
import type { ModelViewer } from './model-viewer.ts';
import { metres } from './words.ts';

/** The edges of the box around the model that the ruler lies on: from and to, as signs of x, y, z. */
const EDGES = [
  { axis: 'x', from: [-1, -1, 1], to: [1, -1, 1] },
  { axis: 'y', from: [1, -1, 1], to: [1, 1, 1] },
  { axis: 'z', from: [1, -1, -1], to: [1, -1, 1] },
] as const;

/** Draws the size of the model along three edges of the box around it, in metres of the file. */
export function createRuler(viewer: ModelViewer, space: HTMLElement): { show(isOn: boolean): void } {
  const lines = EDGES.map(() => svg('line'));
  const drawing = svg('svg', { class: 'ruler', 'aria-hidden': 'true' }, ...lines);
  const labels = EDGES.map(({ axis }) => h('span', { class: 'measure', slot: `hotspot-${axis}-middle` }));
  let isShown = false;

  function place(): void {
    const { x, y, z } = viewer.getDimensions();
    const center = viewer.getBoundingBoxCenter();
    const at = ([a, b, c]: readonly [number, number, number]) =>
      `${center.x + (a * x) / 2}m ${center.y + (b * y) / 2}m ${center.z + (c * z) / 2}m`;
    EDGES.forEach(({ axis, from, to }, n) => {
      const middle = [0, 1, 2].map((i) => ((from[i] ?? 0) + (to[i] ?? 0)) / 2) as unknown as readonly [
        number,
        number,
        number,
      ];
      for (const [name, point] of [
        ['from', from],
        ['to', to],
        ['middle', middle],
      ] as const) {
        const slot = `hotspot-${axis}-${name}`;
        const hotspot =
          name === 'middle'
            ? labels[n]
            : (viewer.querySelector<HTMLElement>(`[slot="${slot}"]`) ?? h('span', { slot, class: 'corner' }));
        if (!hotspot) continue;
        hotspot.dataset['position'] = at(point);
        if (hotspot.isConnected) viewer.updateHotspot({ name: slot, position: at(point) });
        else viewer.append(hotspot);
      }
      const label = labels[n];
      if (label) label.textContent = `${metres({ x, y, z }[axis])} m`;
    });
  }

  function draw(): void {
    if (!isShown) return;
    EDGES.forEach(({ axis }, n) => {
      const [from, to] = ['from', 'to'].map((end) => viewer.queryHotspot(`hotspot-${axis}-${end}`)?.canvasPosition);
      if (!from || !to) return;
      for (const [name, value] of [
        ['x1', from.x],
        ['y1', from.y],
        ['x2', to.x],
        ['y2', to.y],
      ] as const)
        lines[n]?.setAttribute(name, String(value));
    });
    requestAnimationFrame(draw);
  }

  return {
    show: (isOn) => {
      isShown = isOn;
      if (!isOn) {
        drawing.remove();
        for (const hotspot of viewer.querySelectorAll('.measure, .corner')) hotspot.remove();
        return;
      }
      if (!viewer.loaded) return;
      place();
      space.append(drawing);
      draw();
    },
  };
}
