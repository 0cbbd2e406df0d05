import { parentPort } from 'node:worker_threads';
import Vips from 'wasm-vips';
import { decode } from './decode.ts';
import { createDecoder } from './decoder.ts';
import type { DecodeRequest } from './inspect-image.ts';

/** The program of the thread that decodes images, one after the other. Its first message says that it is ready. */
const vips = await createDecoder(Vips);
const port = parentPort;
port?.on('message', ({ bytes, maxSide }: DecodeRequest) => port.postMessage(decode(bytes, maxSide, vips)));
port?.postMessage('ready');
