// Made from the settings by `npm run docs`.

/** Parameters of the model that makes the 3D models. */
export interface ModelParameters {
  /** Texture the model. @default true */
  readonly texture?: boolean;
  /** Texture resolution; extreme is 8K; costs more. @default standard */
  readonly textureQuality?: 'standard' | 'detailed' | 'extreme';
  /** What the texture follows first. @default original_image */
  readonly textureAlignment?: 'original_image' | 'geometry';
  /** The same seed gives the same texture. */
  readonly textureSeed?: number;
  /** Mesh detail; detailed costs more. @default standard */
  readonly geometryQuality?: 'standard' | 'detailed';
  /** align_image turns the model as in the image. @default default */
  readonly orientation?: 'default' | 'align_image';
  /** Physically based materials; implies a texture. @default true */
  readonly pbr?: boolean;
  /** Maximum number of faces; the model chooses if unset. */
  readonly faceLimit?: number;
  /** Scale to real size, in metres. @default false */
  readonly autoSize?: boolean;
  /** Quad mesh; the file is an FBX then. @default false */
  readonly quad?: boolean;
  /** Low-poly topology that looks handmade. @default false */
  readonly smartLowPoly?: boolean;
  /** Separate parts, without texture. @default false */
  readonly generateParts?: boolean;
  /** The same seed gives the same shape. */
  readonly seed?: number;
}

/** MiB by function. */
export interface FunctionMemory {
  /** @default 768 */
  readonly SubmitJob?: number;
  /** @default 256 */
  readonly CheckJob?: number;
  /** @default 512 */
  readonly StoreAssets?: number;
  /** @default 256 */
  readonly ReportFailure?: number;
  /** @default 256 */
  readonly Sweep?: number;
  /** @default 3008 */
  readonly MakeRenditions?: number;
}

/** The settings of `cdk.json` that are plain values. */
export interface PlainProps {
  /** The base URL of the Scenario API, including `/v1`. @default https://api.cloud.scenario.com/v1 */
  readonly scenarioUrl?: string;
  /** The model that turns images into 3D models. @default tripo-3-1 */
  readonly model?: string;
  /** Parameters for all uploads. @default the model's own */
  readonly defaults?: ModelParameters;
  /** Parameters by folder: `{ "chairs/": { "faceLimit": 20000 } }`; the longest match wins. @default none */
  readonly presets?: Readonly<Record<string, ModelParameters>>;
  /** Uploads to ignore, by the start of their key. @default none */
  readonly ignorePrefixes?: readonly string[];
  /** Uploads to ignore, by the last part of their key: `["*.psd", "draft-*"]`; case does not count. @default none */
  readonly ignoreNames?: readonly string[];
  /** Compute units that one image can cost; a more expensive image is rejected. @default 150 */
  readonly maxCuPerRun?: number;
  /** Compute units that one day (UTC) can cost, or `none`; more uploads wait for the next day. @default 1,500 */
  readonly maxCuPerDay?: number | 'none';
  /** Compute units submitted within one hour that ring an alarm. @default 400 */
  readonly alarmCuPerHour?: number;
  /** The metadata keys that uploads can use: `all`, `none`, or a list such as `["tripo-quad"]`. @default all */
  readonly metadataAllowed?: 'all' | 'none' | readonly string[];
  /** The uploads' own metadata that travels to manifests and events, at most 2 KB: `["sku"]`. @default none */
  readonly carryMetadata?: readonly string[];
  /** For the same image with the same parameters: `reuse` pays once, `regenerate` pays each time. @default reuse */
  readonly onDuplicate?: 'regenerate' | 'reuse';
  /** The largest file to store, in bytes. @default 2,000,000,000 */
  readonly maxAssetBytes?: number;
  /** If a GLB file has errors: `report` lists them in the manifest, `fail` also refuses the model. @default report */
  readonly glbErrors?: 'report' | 'fail';
  /** More hosts that files are copied from, with everything below them. @default only those of Scenario */
  readonly resultHosts?: readonly string[];
  /**
   * Files to make of each model: `web`, `plain`, `ar`, `poster`, `turntable`; `[]` for none.
   * @default web, ar, poster, turntable
   */
  readonly renditions?: readonly ('web' | 'plain' | 'ar' | 'poster' | 'turntable')[];
  /** Triangles that `web` and `plain` can have. @default 100,000 */
  readonly webMaxTriangles?: number;
  /** Bytes that `web` and `plain` can have. @default 5,000,000 */
  readonly webMaxBytes?: number;
  /** The background of `poster` and `turntable`: `transparent`, or a color such as `#ffffff`. @default transparent */
  readonly posterBackground?: string;
  /** Uploads that are submitted at the same time. @default 2 */
  readonly maxConcurrency?: number;
  /** More memory for functions, in MiB: `{ "StoreAssets": 1024 }`. @default what each was tested with */
  readonly memory?: FunctionMemory;
  /** Whether to make a dashboard; CloudWatch bills $3 a month for each after the third of an account. @default true */
  readonly dashboard?: boolean;
  /**
   * Where your team keeps docs/operations.md; each alarm links to its own section there.
   * @default docs/operations.md
   */
  readonly runbookUrl?: string;
  /** The least important log lines to keep: `DEBUG`, `INFO`, `WARN`, or `ERROR`. @default INFO */
  readonly logLevel?: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  /** Days that logs are kept, as CloudWatch offers them. @default 90 */
  readonly logRetentionDays?: number;
  /** Whether AWS X-Ray traces functions and executions. @default true */
  readonly tracing?: boolean;
  /**
   * What happens to new buckets when you delete the stack: `retain` keeps them, `destroy` deletes them if they are empty.
   * @default retain
   */
  readonly removalPolicy?: 'retain' | 'destroy';
}
