import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { files, anotherPicture } from './world/images.ts';
import { openWorld } from './world/open-world.ts';
import { bytesIn } from './world/s3-service.ts';
import type { StandInOptionsInput } from '../../local/scenario/moods/options.ts';
import { isSettled } from './world/end-check.ts';

/**
 * Keeps a copy of each kind of document in the asset bucket, as this version writes it. Run it once for each release:
 *
 *   node test/simulation/freeze-documents.ts 0.1
 *
 * test/simulation/upgrade.test.ts starts later versions with them. Never write them again.
 */
const [version] = process.argv.slice(2);
if (version === undefined || !/^\d+\.\d+$/.test(version)) throw new Error('name the version, such as 0.1');
const folder = join(import.meta.dirname, '..', 'fixtures', `bucket-${version}`);

const MAX_STEPS = 60_000;
/** `runs-submitted.json`, `control-gate.json`: the first of each kind, and of each phase. */
const kept = new Map<string, { readonly key: string; readonly text: string }>();

/** Between them, they write every kind of document and every phase. */
const MOODS: readonly StandInOptionsInput[] = [
  {},
  { concurrencyCeiling: 1 },
  { faults: [{ on: 'generate', what: 'bad-request' }] },
  { faults: [{ on: 'generate', what: 'fails' }] },
  // Long enough for a sweep.
  { creditsLeft: 0 },
];

for (const [seed, standIn] of MOODS.entries()) {
  const world = await openWorld({ seed, standIn });
  for (const n of [1, 2, 3]) await world.drop({ key: `chairs/${n}.png`, bytes: anotherPicture(files.png, n) });
  for (let step = 0; step < MAX_STEPS && !isSettled(world) && !kept.has('control-sweep'); step += 1) {
    if (!(await world.step())) break;
    if (step % 10 === 0) await keepNew(world);
  }
  await keepNew(world);
  await world.close();
}
await mkdir(folder, { recursive: true });
for (const [name, { key, text }] of kept)
  await writeFile(
    join(folder, `${name}.json`),
    `${JSON.stringify({ key, document: JSON.parse(text) as unknown }, null, 2)}\n`,
  );
process.stdout.write(`${[...kept.keys()].sort().join('\n')}\n`);

async function keepNew({ aws: { store }, assetBucket }: Awaited<ReturnType<typeof openWorld>>): Promise<void> {
  for (const { key } of store.list(assetBucket).objects) {
    if (!key.endsWith('.json')) continue;
    const text = (await bytesIn(store, assetBucket, key)).toString();
    const { phase = '', status = '' } = JSON.parse(text) as { phase?: string; status?: string };
    const kind = kindOf(key);
    const name = [kind, phase || status].filter(Boolean).join('-');
    if (!kept.has(name)) kept.set(name, { key, text });
  }
}

/** `models-manifest`, `control-ledger`, `runs` */
function kindOf(key: string): string {
  const parts = key.replace('.json', '').split('/');
  const [room = ''] = parts;
  if (room === 'models') return `${room}-${parts.at(-1)}`;
  return room === 'control' ? `${room}-${parts[1]}` : room;
}
