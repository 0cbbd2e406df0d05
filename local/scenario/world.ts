import { randomBytes } from 'node:crypto';
import { createFaultScript, type FaultScript } from './faults.ts';
import { netSpent, type Tally } from './ledger.ts';
import { parseOptions, patchedOptions, type StandInOptions, type StandInOptionsInput } from './options.ts';
import type { AssetRecord, JobRecord, ResultRecord, UploadRecord } from './records.ts';
import { createUrlSigner, type UrlSigner } from './signed-url.ts';
import { MODELS, type StandInModel } from './tripo-inputs.ts';
import { createFolderStore, createMemoryStore, createShelf, type Shelf, type Store } from './store.ts';

/** What a stand-in is made of. */
export interface WorldProps {
  /** Where it can be reached: asked when an address is needed, so a server may learn its port late. */
  readonly origin: () => string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Milliseconds since 1970; may be virtual. */
  readonly now: () => number;
  /** 0 to below 1, for ids and log-normal durations. */
  readonly random: () => number;
  /** Where to keep everything; only in memory without it. */
  readonly folder?: string | undefined;
  readonly options?: StandInOptionsInput | undefined;
  /** @default Tripo 3.1 */
  readonly models?: readonly StandInModel[] | undefined;
}

/** Everything that routes work with. */
export interface World extends WorldProps {
  readonly models: readonly StandInModel[];
  readonly store: Store;
  readonly jobs: Shelf<JobRecord>;
  readonly assets: Shelf<AssetRecord>;
  readonly uploads: Shelf<UploadRecord>;
  readonly results: Shelf<ResultRecord>;
  readonly signer: UrlSigner;
  readonly settings: Settings;
  readonly tally: Tally;
  /** A new id: the prefix and 24 letters and digits that no other has. */
  readonly newId: (prefix: 'job' | 'asset' | 'upload') => string;
  /** A timestamp as answers show it, ahead by the configured skew. */
  readonly date: (atMs: number) => string;
}

/** The knobs as they are now. */
interface Settings {
  readonly options: () => StandInOptions;
  readonly faults: () => FaultScript;
  /** CU that may still be spent. */
  readonly creditsLeft: () => number;
  /** @throws BadOptionError, and then nothing has changed */
  readonly change: (patch: unknown) => void;
}

/** Opens the folder, or begins with nothing. */
export async function openWorld(props: WorldProps): Promise<World> {
  const store = props.folder === undefined ? createMemoryStore() : await createFolderStore(props.folder);
  const jobs = await createShelf<JobRecord>(store, 'jobs', (job) => job.number);
  const assets = await createShelf<AssetRecord>(store, 'assets', (asset) => asset.createdAt);
  const uploads = await createShelf<UploadRecord>(store, 'uploads', (upload) => upload.createdAt);
  const results = await createShelf<ResultRecord>(store, 'results', () => 0);
  const begunJobs = () => jobs.all().filter((job) => hasBegun(job, props.now()));
  const settings = createSettings(props.options, () => netSpent(begunJobs(), props.now()));
  return {
    ...props,
    models: props.models ?? MODELS,
    store,
    jobs,
    assets,
    uploads,
    results,
    settings,
    signer: createUrlSigner(await signingSecret(store)),
    tally: {
      requests: {},
      refusals: { rate: 0, ceiling: 0, cooldown: 0, credits: 0 },
      leakedCredentials: 0,
      cooldownEnds: 0,
    },
    newId(prefix) {
      for (;;) {
        const id = `${prefix}_${letters(24, props.random)}`;
        // After a restart with the same seed a generator repeats itself.
        if (![jobs, assets, uploads].some((shelf) => shelf.get(id) !== undefined)) return id;
      }
    },
    date(atMs) {
      const { clockSkewSeconds, timesWithoutZone } = settings.options();
      const date = new Date(atMs + clockSkewSeconds * 1000).toISOString();
      return timesWithoutZone ? date.slice(0, -1) : date;
    },
  };
}

function createSettings(input: StandInOptionsInput | undefined, spent: () => number): Settings {
  let options = parseOptions(input ?? {});
  let faults = createFaultScript(options.faults);
  let spentBefore = spent();
  return {
    options: () => options,
    faults: () => faults,
    creditsLeft: () => (options.creditsLeft === null ? Infinity : options.creditsLeft - (spent() - spentBefore)),
    change(patch) {
      options = patchedOptions(options, patch);
      // A change of another knob must not begin the faults or the budget anew.
      if (Object.hasOwn(patch as object, 'faults')) faults = createFaultScript(options.faults);
      if (Object.hasOwn(patch as object, 'creditsLeft')) spentBefore = spent();
    },
  };
}

/** A refused request that takes effect later is a job of the future until then. */
export function hasBegun({ createdAt }: Pick<JobRecord, 'createdAt'>, nowMs: number): boolean {
  return createdAt <= nowMs;
}

const COPY = 'Processed';

/** The id of the copy that a job works with, if the knob `echo` says that there is one. */
export function copyIdOf(imageId: string): string {
  return `${imageId}${COPY}`;
}

/** The image that this is the copy of. Undefined if it is not a copy. */
export function originalIdOf(copyId: string): string | undefined {
  return copyId.endsWith(COPY) ? copyId.slice(0, -COPY.length) : undefined;
}

/** Kept, so that addresses given out stay good over a restart. */
async function signingSecret(store: Store): Promise<string> {
  const [kept] = (await store.load('keys')) as { readonly secret: string }[];
  if (kept !== undefined) return kept.secret;
  const secret = randomBytes(32).toString('hex');
  await store.save('keys', 'signing', { secret });
  return secret;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** So many letters and digits. */
export function letters(count: number, random: () => number): string {
  return Array.from({ length: count }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('');
}
