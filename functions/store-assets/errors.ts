/** An asset of a finished job is still being made. Worth a retry. */
export class AssetNotReadyError extends Error {
  override readonly name = 'AssetNotReadyError';
}

/** A download was cut off or refused, or its bytes are not valid. Worth a retry with a fresh URL. */
export class DownloadBrokenError extends Error {
  override readonly name = 'DownloadBrokenError';
}

/** A file is larger than maxAssetBytes. A retry helps only after somebody raises the setting. */
export class FileTooLargeError extends Error {
  override readonly name = 'FileTooLargeError';
}
