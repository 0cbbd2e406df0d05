import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { isSettled, openEnds } from './world/end-check.ts';
import { anotherPicture, files } from './world/images.ts';
import { openWorld } from './world/open-world.ts';
import { bytesIn } from './world/s3-service.ts';
import type { Setting, World } from './world/world.ts';

const fixtures = join(import.meta.dirname, '..', 'fixtures');
const releases = globSync('bucket-*', { cwd: fixtures }).sort();
const frozen = z.object({ key: z.string(), document: z.record(z.string(), z.unknown()) });

function documentsOf(release: string): readonly z.infer<typeof frozen>[] {
  const names = globSync('*.json', { cwd: join(fixtures, release) }).sort();
  return names.map((name) => frozen.parse(JSON.parse(readFileSync(join(fixtures, release, name), 'utf8'))));
}

async function put(world: World, key: string, document: unknown): Promise<void> {
  await world.aws.store.put(world.assetBucket, key, piece(JSON.stringify(document)));
}

async function* piece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const MAX_STEPS = 60_000;

/** Drops three pictures, and plays to the end. `between` happens after every so many steps. */
async function play(
  { every = 25, ...setting }: Setting & { readonly every?: number },
  between: (world: World, step: number) => Promise<void>,
): Promise<World> {
  const world = await openWorld(setting);
  await between(world, 0);
  for (const n of [1, 2, 3]) await world.drop({ key: `${n}.png`, bytes: anotherPicture(files.png, n) });
  for (let step = 1; step < MAX_STEPS && !isSettled(world); step += 1) {
    if (!(await world.step())) break;
    if (step % every === 0) await between(world, step);
  }
  return world;
}

/** What is not as it must be. */
function troubleIn(world: World, paid = 3): readonly unknown[] {
  const { jobs } = world.standIn.ledger();
  return [...openEnds(world), ...world.invariants.violations, ...(jobs.length === paid ? [] : [`${jobs.length} jobs`])];
}

/** Faults that make every kind of document appear. */
const MOODS: readonly NonNullable<Setting['standIn']>[] = [
  {},
  { concurrencyCeiling: 1 },
  { faults: [{ on: 'generate', what: 'lost-cut' }] },
  { faults: [{ on: 'generate', what: 'unauthorized', times: 5 }] },
];

/** Every image is refused. */
const REFUSED: (typeof MOODS)[number] = { faults: [{ on: 'generate', what: 'bad-request', times: 50 }] };
/** Runs end without a model. */
const ENDINGS: typeof MOODS = [{ faults: [{ on: 'generate', what: 'fails' }] }, REFUSED];

describe.each(releases)('after an upgrade from %s', (release) => {
  it.each(MOODS.entries().toArray())(
    'uploads go their way beside all documents of that version (mood %i)',
    async (seed, standIn) => {
      const world = await play({ seed, standIn }, async (begun, step) => {
        if (step > 0) return;
        // Records, manifests, and reservations of other uploads would be strangers in this world.
        const shared = documentsOf(release).filter(({ key }) => /^(?:control\/(?!ledger)|results\/)/.test(key));
        for (const { key, document } of shared) await put(begun, key, document);
      });

      expect(troubleIn(world)).toEqual([]);
      await world.close();
    },
  );
});

type Document = Record<string, unknown>;
const fields = z.record(z.string(), z.unknown());

/** Documents that Meshdrop wrote before any release. They were kept without their keys. */
function documentsBeforeReleases(): readonly z.infer<typeof frozen>[] {
  const keys = { record: 'runs/', ledger: 'control/ledger/', progress: 'control/sweep.json' };
  return globSync('*.json', { cwd: join(fixtures, 'documents') })
    .sort()
    .flatMap((name) => {
      const key = keys[name.replace(/[-.].*/, '') as keyof typeof keys];
      const document: unknown = JSON.parse(readFileSync(join(fixtures, 'documents', name), 'utf8'));
      return key === undefined ? [] : [frozen.parse({ key, document })];
    });
}

/** The document as a version would have written it that writes what the frozen one has, and nothing else. */
function inShapeOf(frozenOne: Document, now: Document): Document {
  const inner = (was: unknown, is: unknown): unknown => {
    const [wasFields, isFields] = [fields.safeParse(was).data, fields.safeParse(is).data];
    if (Array.isArray(is)) return is.map((one: unknown) => inner(Array.isArray(was) ? was[0] : undefined, one));
    return wasFields && isFields && Object.keys(wasFields).some((name) => name in isFields)
      ? inShapeOf(wasFields, isFields)
      : is;
  };
  const names = Object.keys(frozenOne).filter((name) => name in now);
  return Object.fromEntries(names.map((name) => [name, inner(frozenOne[name], now[name])]));
}

/** The kind of a document, and what decides how a run goes on: its phase, its job, and an earlier send. */
function storyOf(key: string, { phase, jobId, sends }: Document): string {
  const kind = /^(?:runs|control\/[a-z]+)/.exec(key)?.[0];
  const isAfterSend = phase === 'claimed' && JSON.stringify(sends) !== '[]';
  return JSON.stringify([kind, phase, jobId !== undefined, isAfterSend]);
}

describe.each([
  { release: 'before any release', earlier: documentsBeforeReleases() },
  ...releases.map((release) => ({ release, earlier: documentsOf(release) })),
])('after an upgrade from $release in the middle of everything', ({ earlier }) => {
  const frozenOnes = new Map(earlier.map(({ key, document }) => [storyOf(key, document), document]));
  const met = new Set<string>();

  it.each([...MOODS, ...ENDINGS].entries().toArray())(
    'runs go on from each document as that version has left it (mood %i)',
    async (seed, standIn) => {
      const left = new Set<string>();
      const world = await play({ seed: seed + 20, standIn, every: 1 }, async (begun) => {
        const { store } = begun.aws;
        for (const { key } of store.list(begun.assetBucket).objects) {
          if (!/^(?:runs|control)\//.test(key)) continue;
          const now = fields.parse(JSON.parse(String(await bytesIn(store, begun.assetBucket, key))));
          const story = storyOf(key, now);
          const frozenOne = frozenOnes.get(story);
          if (!frozenOne || left.has(key + story)) continue;
          left.add(key + story);
          met.add(story);
          const document = inShapeOf(frozenOne, now);
          // What a test writes breaks no promise.
          if (key.startsWith('runs/')) begun.invariants.believe(JSON.stringify(document));
          await put(begun, key, document);
        }
      });

      expect(troubleIn(world, standIn === REFUSED ? 0 : 3)).toEqual([]);
      await world.close();
    },
  );

  it('a record of each phase was met', () => {
    const records = [...met].flatMap((story) => /^\["runs","(\w+)"/.exec(story)?.[1] ?? []);

    expect(new Set(records)).toEqual(new Set(['claimed', 'sending', 'submitted', 'stored', 'failed', 'rejected']));
  });
});

it('there is a document of every kind, and a record of every phase, of the latest release', () => {
  const names = globSync('*.json', { cwd: join(fixtures, releases.at(-1) ?? '') }).sort();

  expect(names.map((name) => name.replace('.json', ''))).toEqual([
    'control-durations',
    'control-gate',
    'control-jobs',
    'control-ledger',
    'control-sweep',
    'models-manifest-failed',
    'models-manifest-rejected',
    'models-manifest-stored',
    'models-renditions',
    'results',
    'runs-claimed',
    'runs-failed',
    'runs-rejected',
    'runs-sending',
    'runs-stored',
    'runs-submitted',
  ]);
});

/** As a made-up next version writes it: with a field more, and a higher minor version. */
function ofTomorrow(document: Record<string, unknown>): Record<string, unknown> {
  const { schemaVersion } = document;
  return {
    ...document,
    fieldOfTomorrow: { kept: true },
    ...(schemaVersion === undefined ? {} : { schemaVersion: '1.9' }),
  };
}

function frozenRecord(phase: string): Record<string, unknown> {
  const found = documentsOf('bucket-0.1').find(
    ({ key, document }) => key.startsWith('runs/') && document['phase'] === phase,
  );
  return found?.document ?? {};
}

function storedAsset(): Record<string, unknown> {
  const [asset] = z.array(z.record(z.string(), z.unknown())).parse(frozenRecord('stored')['assets']);
  return asset ?? {};
}

describe('beside a newer version, before and after a rollback,', () => {
  it.each(MOODS.entries().toArray())(
    'uploads go their way while it adds fields to every document (mood %i)',
    async (seed, standIn) => {
      const world = await play({ seed: seed + 10, standIn }, async ({ aws: { store }, assetBucket }, step) => {
        if (step === 0) return;
        for (const { key } of store.list(assetBucket).objects) {
          if (!/^(?:runs|results|control)\//.test(key)) continue;
          const document = z
            .record(z.string(), z.unknown())
            .parse(JSON.parse(String(await bytesIn(store, assetBucket, key))));
          if ('fieldOfTomorrow' in document) continue;
          await store.put(assetBucket, key, piece(JSON.stringify(ofTomorrow(document))));
        }
      });

      expect(troubleIn(world)).toEqual([]);
      const { store } = world.aws;
      const keys = store.list(world.assetBucket, { prefix: 'runs/' }).objects.map(({ key }) => key);
      const records = await Promise.all(keys.map((key) => bytesIn(store, world.assetBucket, key)));
      expect(records).toHaveLength(3);
      for (const record of records)
        expect(JSON.parse(String(record))).toMatchObject({ fieldOfTomorrow: { kept: true } });
      await world.close();
    },
  );

  it.each([
    ['a phase', 'claimed', { phase: 'reviewing' }],
    ['a major version', 'submitted', { schemaVersion: '2.0' }],
    ['a role of a file', 'stored', { assets: [{ ...storedAsset(), role: 'hologram' }] }],
    ['a code of a failure', 'failed', { failure: { code: 'bad-mood', reason: 'a bad day', hint: 'wait' } }],
  ])(
    'a record with %s that this one does not know is left alone: nothing is bought, written, or answered',
    async (_, phase, news) => {
      const world = await openWorld({ seed: 5 });
      const { runId } = await world.drop({ key: 'elm.png', bytes: files.png });
      const unknown = {
        ...frozenRecord(phase),
        runId,
        ...news,
      };
      await put(world, `runs/${runId}.json`, unknown);
      for (let step = 0; step < 3_000; step += 1) if (!(await world.step().catch(() => true))) break;

      expect(world.standIn.ledger().jobs).toEqual([]);
      expect(JSON.parse(String(await bytesIn(world.aws.store, world.assetBucket, `runs/${runId}.json`)))).toEqual(
        unknown,
      );
      expect(world.metrics.samples.some(({ metric }) => metric === 'RecordUnreadable')).toBe(true);
      await world.close();
    },
  );
});
