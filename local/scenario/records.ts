/** All times are milliseconds since 1970 by the injected clock. */

/** The fourteen inputs of the model, as they were sent. */
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
 * A job with its whole future: what it shows at a given moment is computed from `steps`, so it is written once and needs
 * no timer.
 */
export interface JobRecord {
  readonly id: string;
  /** Counts all jobs, from 1. */
  readonly number: number;
  readonly type: 'custom' | 'upload';
  readonly createdAt: number;
  readonly steps: readonly { readonly status: string; readonly at: number }[];
  readonly modelId?: string;
  /** As they were sent, for the echo; and what they mean in Tripo's words. */
  readonly sent?: Readonly<Record<string, unknown>>;
  readonly inputs?: TripoInputs;
  readonly cu: number;
  /** Shown from the last step on. */
  readonly assetIds: readonly string[];
  readonly entityId?: string;
  readonly error?: string;
  readonly hint?: string;
  readonly isRefundable: boolean;
  readonly progress?: 'stuck' | 'over-one';
  readonly isLost?: boolean;
  readonly recipe?: Recipe;
}

/** From what the files of a job are made, when somebody asks for them. */
export interface Recipe {
  /** The same for everything that gives the same files. */
  readonly resultId: string;
  readonly imageFile: string;
  readonly model: 'relief' | 'triangle';
  readonly padBytes: number;
}

/** What was made of a recipe. */
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
  /** Before this nobody knows it. */
  readonly existsFrom: number;
  /** Until this its status is pending. */
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
  /** Set by `complete`; the last step is imported, failed, or validating forever. */
  readonly steps: readonly { readonly status: string; readonly at: number }[];
  readonly errorMessage?: string;
  readonly entityId?: string;
}
