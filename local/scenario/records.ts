/** All times are in milliseconds since 1970, by the injected clock. */

/** The fourteen inputs of the model, as sent. */
export interface TripoInputs {
  readonly image: string;
  readonly texture?: boolean | undefined;
  readonly textureQuality?: 'standard' | 'detailed' | 'extreme' | undefined;
  readonly textureAlignment?: 'original_image' | 'geometry' | undefined;
  readonly geometryQuality?: 'standard' | 'detailed' | undefined;
  readonly textureSeed?: number | undefined;
  readonly orientation?: 'default' | 'align_image' | undefined;
  readonly pbr?: boolean | undefined;
  readonly faceLimit?: number | undefined;
  readonly autoSize?: boolean | undefined;
  readonly quad?: boolean | undefined;
  readonly smartLowPoly?: boolean | undefined;
  readonly generateParts?: boolean | undefined;
  readonly seed?: number | undefined;
}

/**
 * A job with its planned future. The API computes the state at a given time from `steps`, so the record is written once
 * and needs no timer.
 */
export interface JobRecord {
  readonly id: string;
  /** The number of the job, counted from 1. */
  readonly number: number;
  readonly type: 'custom' | 'upload';
  readonly createdAt: number;
  readonly steps: readonly { readonly status: string; readonly at: number }[];
  readonly modelId?: string;
  /** The inputs as sent, which the API returns, and their equivalents in Tripo's terms. */
  readonly sent?: Readonly<Record<string, unknown>>;
  readonly inputs?: TripoInputs;
  readonly cu: number;
  /** Visible from the last step on. */
  readonly assetIds: readonly string[];
  readonly entityId?: string;
  readonly error?: string;
  readonly hint?: string;
  readonly isRefundable: boolean;
  readonly progress?: 'stuck' | 'over-one';
  readonly isLost?: boolean;
  readonly recipe?: Recipe;
}

/** What the files of a job are made from, when a client requests them. */
export interface Recipe {
  /** Equal for recipes that produce the same files. */
  readonly resultId: string;
  readonly imageFile: string;
  readonly model: 'relief' | 'triangle';
  readonly padBytes: number;
}

/** The files that were made from a recipe. */
export interface ResultRecord {
  readonly id: string;
  readonly format: 'glb' | 'fbx';
  readonly sizes: Readonly<Record<ResultFile, number>>;
  readonly faceCount: number;
  readonly vertexCount: number;
  readonly dimensions: readonly [number, number, number];
  readonly hasUvs: boolean;
}

/** The files of a generation. */
export type ResultFile = 'model' | 'preview' | 'thumbnail';

/** An asset: uploaded bytes, or one of the files that a job will make. */
export interface AssetRecord {
  readonly id: string;
  readonly kind: string;
  readonly mimeType: string;
  readonly extension: string;
  readonly source: string;
  readonly name: string;
  readonly createdAt: number;
  /** Before this time, the asset doesn't exist. */
  readonly existsFrom: number;
  /** Until this time, the status is pending. */
  readonly readyFrom: number;
  readonly isBroken?: boolean;
  readonly uploaded?: {
    readonly size: number;
    readonly width?: number;
    readonly height?: number;
  };
  readonly made?: {
    readonly jobId: string;
    readonly file: ResultFile;
    readonly outputIndex: number;
    readonly previewId: string;
    readonly thumbnailId: string;
  };
}

/** A multipart upload. */
export interface UploadRecord {
  readonly id: string;
  readonly jobId: string;
  readonly createdAt: number;
  readonly fileName: string;
  readonly contentType: string;
  readonly fileSize: number;
  readonly kind: string;
  readonly parts: number;
  /** Set by `complete`. The last step is imported, failed, or a validation that never ends. */
  readonly steps: readonly { readonly status: string; readonly at: number }[];
  readonly errorMessage?: string;
  readonly entityId?: string;
}
