import { parentPort, workerData } from 'node:worker_threads';
import { makeFiles, makeFromPreview } from '../renditions/make-files.ts';
import { createRenditionTools } from '../renditions/rendition-tools.ts';
import type { RenditionsOrder } from './make-in-thread.ts';

/** The program of the thread that makes the renditions of one model. */
const { glb, reason, wish } = workerData as RenditionsOrder;
const tools = await createRenditionTools();
const made = glb ? await makeFiles(glb, wish, tools) : makeFromPreview(reason, wish, tools);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
parentPort?.postMessage(made);
