import { posix } from 'node:path';
import * as z from 'zod';
import { isBelow } from '../models/parameters.ts';

/** The deployment's own list of uploads to ignore. */
const ignoredSchema = z.object({
  /** The beginnings of keys. */
  prefixes: z.array(z.string()),
  /** Globs for the last segment of keys. Case does not count. */
  names: z.array(z.string()),
});
export type Ignored = z.infer<typeof ignoredSchema>;

/** Reads the environment variable `IGNORED`. @throws Error if it is not valid */
export function readIgnored({ IGNORED }: { readonly IGNORED: string }): Ignored {
  return ignoredSchema.parse(JSON.parse(IGNORED));
}

/** What file managers, clouds, and network drives leave beside files, in lower case. */
const LITTER = [
  /^\._/,
  /^(\.ds_store|\.localized|\.apdisk|\.directory|\.nomedia|\.keep|\.gitkeep|\.volumeicon\.icns|icon\r)$/,
  /^(thumbs|ehthumbs|ehthumbs_vista)\.db(:encryptable)?$/,
  /^(desktop|folder|\.?picasa)\.ini$/,
  /^(\.dropbox|\.dropbox\.attr|\.dropbox\.cache|\.bridgecache|\.bridgecachet|\.bridgesort)$/,
];

/** Folders whose files nobody dropped, in lower case. */
const LITTER_FOLDERS = [
  '__macosx',
  '@eadir',
  '.appledouble',
  '.thumbnails',
  '.trash',
  '.trashes',
  '$recycle.bin',
  '#recycle',
  'system volume information',
  '.spotlight-v100',
  '.fseventsd',
  '.temporaryitems',
  'lost+found',
];

/** Names that programs give to a file while they write or transfer it, in lower case. */
const TEMPORARY = [
  /\.(part|partial|filepart|crdownload|download|opdownload|tmp|temp|swp|swo|swx|inprogress|uploading|aria2|!ut|!qb)$/,
  /^~\$/,
  /^\.~lock\./,
  /^\.(goutputstream-|fuse_hidden|nfs[0-9a-f]{8})/,
  /\.sb-[0-9a-f]{8}-[a-z0-9]{6}$/,
];
/** rsync's `.oak.png.Xa3b9Z`. */
const RSYNC = /^\..+\.(png|jpe?g|webp)\.[a-z0-9]{6}$/i;

/**
 * Folder markers, what computers leave behind, and what the deployment ignores. Every other upload gets an answer. The
 * bytes are not looked at.
 */
export function isIgnored(key: string, { prefixes, names }: Ignored): boolean {
  const [name = '', ...folders] = key.toLowerCase().split('/').toReversed();
  return (
    name === '' ||
    LITTER.some((pattern) => pattern.test(name)) ||
    folders.some((folder) => LITTER_FOLDERS.includes(folder) || /^\.trash-\d+$/.test(folder)) ||
    prefixes.some((prefix) => isBelow(key, prefix)) ||
    names.some((glob) => posix.matchesGlob(name, glob.toLowerCase()))
  );
}

/** Whether a file has this name only until it is complete, for example `oak.png.part`. */
export function hasTemporaryName(key: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return RSYNC.test(name) || TEMPORARY.some((pattern) => pattern.test(name.toLowerCase()));
}
