/** The parts of `<model-viewer>` that the page uses. Its own types bring those of all of three.js. */
export interface ModelViewer extends HTMLElement {
  readonly loaded: boolean;
  autoRotate: boolean;
  exposure: number;
  cameraOrbit: string;
  cameraTarget: string;
  fieldOfView: string;
  getCameraOrbit(): { toString(): string };
  getCameraTarget(): { toString(): string };
  getFieldOfView(): number;
  jumpCameraToGoal(): void;
  resetTurntableRotation(theta?: number): void;
  getDimensions(): { readonly x: number; readonly y: number; readonly z: number };
  getBoundingBoxCenter(): { readonly x: number; readonly y: number; readonly z: number };
  updateHotspot(config: { readonly name: string; readonly position: string }): void;
  queryHotspot(name: string): { readonly canvasPosition: { readonly x: number; readonly y: number } } | null;
}

/** Where the viewer finds its decoders, if it needs one. It reads this when its program is loaded. */
const DECODERS = {
  dracoDecoderLocation: '/viewer/draco/',
  ktx2TranscoderLocation: '/viewer/basis/',
  meshoptDecoderLocation: '/viewer/meshopt.js',
} as const;

let loading: Promise<unknown> | undefined;

/** Loads the viewer when the first model is opened. All its parts come from this server. */
export function loadViewer(): Promise<unknown> {
  Object.assign(globalThis, { ModelViewerElement: DECODERS });
  // The address is not known to the bundler, so the viewer stays a file of its own.
  const address = '/viewer/model-viewer.js';
  loading ??= import(address);
  return loading;
}

export function createViewer(attributes: Readonly<Record<string, string>>): ModelViewer {
  const viewer = document.createElement('model-viewer') as ModelViewer;
  for (const [name, value] of Object.entries(attributes)) viewer.setAttribute(name, value);
  // The page says itself that a model is loading.
  const bar = document.createElement('span');
  bar.slot = 'progress-bar';
  viewer.append(bar);
  return viewer;
}

interface Material {
  name: string;
  wireframe?: boolean;
  color?: { getHex(): number; setHex(hex: number): void };
  metalness?: number;
  roughness?: number;
  needsUpdate: boolean;
  [texture: `${string}ap`]: unknown;
}

interface Scene {
  traverse(visit: (node: { material?: Material | Material[] }) => void): void;
  queueRender(): void;
}

const TEXTURES = ['map', 'normalMap', 'metalnessMap', 'roughnessMap', 'aoMap', 'emissiveMap'] as const;
export const LOOKS = { textured: 'Textured', clay: 'Clay', wireframe: 'Wireframe' } as const;
export type Look = keyof typeof LOOKS;

type Kept = Partial<Record<(typeof TEXTURES)[number] | 'color' | 'metalness' | 'roughness', unknown>>;
const originals = new WeakMap<Material, Kept>();

/** Shows the surface, the shape alone, or the mesh. The viewer has no such switch, but its scene is three.js. */
export function setLook(viewer: ModelViewer, look: Look): void {
  const symbol = Object.getOwnPropertySymbols(viewer).find(({ description }) => description === 'scene');
  const scene = symbol && (Reflect.get(viewer, symbol) as Scene | undefined);
  if (!scene) return;
  scene.traverse(({ material }) => {
    for (const one of material === undefined ? [] : [material].flat()) dress(one, look);
  });
  scene.queueRender();
}

function dress(material: Material, look: Look): void {
  const kept = originals.get(material) ?? keep(material);
  originals.set(material, kept);
  for (const texture of TEXTURES) if (texture in kept) material[texture] = look === 'textured' ? kept[texture] : null;
  if (material.metalness !== undefined) material.metalness = look === 'textured' ? Number(kept.metalness) : 0;
  if (material.roughness !== undefined) material.roughness = look === 'textured' ? Number(kept.roughness) : 0.85;
  material.color?.setHex(look === 'textured' ? Number(kept.color) : 0xd9d2c5);
  material.wireframe = look === 'wireframe';
  material.needsUpdate = true;
}

function keep(material: Material): Kept {
  const textures = TEXTURES.filter((name) => name in material).map((name) => [name, material[name]]);
  const { color, metalness, roughness } = material;
  return { ...(Object.fromEntries(textures) as Kept), color: color?.getHex(), metalness, roughness };
}
