import { randomBytes } from 'node:crypto';
import { createFaultScript, type FaultScript } from './moods/faults.ts';
import { netSpent, type Tally } from './jobs/ledger.ts';
import { parseOptions, patchedOptions, type StandInOptions, type StandInOptionsInput } from './moods/options.ts';
import type { AssetRecord, JobRecord, ResultRecord, UploadRecord } from './records.ts';
import { createUrlSigner, type UrlSigner } from './files/signed-url.ts';
import { MODELS, type StandInModel } from './jobs/tripo-inputs.ts';
import { createFolderStore, createMemoryStore, createShelf, type Shelf, type Store } from './store.ts';

/** The parts from which a stand-in is created. */
export interface WorldProps {
  /** Returns the origin of the server. Called when a URL is needed, because a server learns its port late. */
  readonly origin: () => string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Returns milliseconds since 1970. The time can be virtual. */
  readonly now: () => number;
  /** Returns a number from 0 up to, but not including, 1, for IDs and log-normal durations. */
  readonly random: () => number;
  /** The folder for all data. Without one, the data is in memory. */
  readonly folder?: string | undefined;
  readonly options?: StandInOptionsInput | undefined;
  /** @default Tripo 3.1 */
  readonly models?: readonly StandInModel[] | undefined;
}

/** Everything that the routes need. */
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
  /** Returns a unique ID: the prefix, and 24 letters and digits. */
  readonly newId: (prefix: 'job' | 'asset' | 'upload') => string;
  /** Formats a timestamp for answers, with the configured skew. */
  readonly date: (atMs: number) => string;
}

/** The current options. */
interface Settings {
  readonly options: () => StandInOptions;
  readonly faults: () => FaultScript;
  /** Returns the remaining CU. */
  readonly creditsLeft: () => number;
  /** @throws BadOptionError; in this case, nothing changes */
  readonly change: (patch: unknown) => void;
}

/** Opens the folder, or starts with an empty store. */
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
        // After a restart with the same seed, the random generator repeats itself.
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
      // A change of another option must not reset the faults or the remaining credits.
      if (Object.hasOwn(patch as object, 'faults')) faults = createFaultScript(options.faults);
      if (Object.hasOwn(patch as object, 'creditsLeft')) spentBefore = spent();
    },
  };
}

/** Returns whether the job has begun. A refused request that takes effect later has a job that begins in the future. */
export function hasBegun({ createdAt }: Pick<JobRecord, 'createdAt'>, nowMs: number): boolean {
  return createdAt <= nowMs;
}

const PREFIX = 'asset_';
const COPY = 'Processed';

/** Returns the ID of the copy that a job uses, if the option `echo` creates one. */
export function copyIdOf(imageId: string): string {
  return `${PREFIX}${reversed(imageId.slice(PREFIX.length))}${COPY}`;
}

/** The ID of a copy must not contain the ID of its original. */
function reversed(text: string): string {
  return text.split('').toReversed().join('');
}

/** Returns the original of a copy, or undefined if the asset is not a copy. */
export function originalIdOf(copyId: string): string | undefined {
  return copyId.endsWith(COPY) ? PREFIX + reversed(copyId.slice(PREFIX.length, -COPY.length)) : undefined;
}

/** Stored, so that earlier URLs stay valid after a restart. */
async function signingSecret(store: Store): Promise<string> {
  const [kept] = (await store.load('keys')) as { readonly secret: string }[];
  if (kept !== undefined) return kept.secret;
  const secret = randomBytes(32).toString('hex');
  await store.save('keys', 'signing', { secret });
  return secret;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Returns a random string of letters and digits. */
export function letters(count: number, random: () => number): string {
  return Array.from({ length: count }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('');
}
