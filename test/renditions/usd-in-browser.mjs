import {
  Box3,
  Color,
  DirectionalLight,
  HemisphereLight,
  Mesh,
  PerspectiveCamera,
  Scene,
  Vector3,
  WebGLRenderer,
} from 'three';
import { USDLoader } from 'three/examples/jsm/loaders/USDLoader.js';

/** Runs in a browser: opens a file, draws it from the front right, and says what is in it. */
async function open(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const model = new USDLoader().parse(bytes.buffer);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  let [meshes, triangles, textures] = [0, 0, 0];
  model.traverse((node) => {
    if (!(node instanceof Mesh)) return;
    meshes += 1;
    const { index, attributes } = node.geometry;
    triangles += (index?.count ?? attributes.position.count) / 3;
    for (const material of [node.material].flat()) if (material.map) textures += 1;
  });
  const box = new Box3().setFromObject(model);
  const [size, center] = [box.getSize(new Vector3()), box.getCenter(new Vector3())];
  const scene = new Scene();
  scene.background = new Color(0xffffff);
  scene.add(model, new HemisphereLight(0xffffff, 0x888888, 2.4));
  const light = new DirectionalLight(0xffffff, 2);
  light.position.set(-1, 2, 2);
  scene.add(light);
  const camera = new PerspectiveCamera(26, 1, 0.01, 10_000);
  const distance = size.length() / 2 / Math.sin((13 * Math.PI) / 180);
  camera.position.copy(center).add(new Vector3(0.48, 0.26, 0.84).multiplyScalar(distance));
  camera.lookAt(center);
  const renderer = new WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
  renderer.setSize(512, 512);
  document.body.replaceChildren(renderer.domElement);
  renderer.render(scene, camera);
  return { meshes, triangles, textures, min: box.min.toArray(), max: box.max.toArray() };
}

Object.assign(globalThis, { openUsd: open });
