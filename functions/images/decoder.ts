import type Vips from 'wasm-vips';

/** Loads libvips with the loaders of JPEG, PNG and WebP. One image at a time needs one thread and no cache. */
export async function createDecoder(load: typeof Vips): Promise<typeof Vips> {
  const preRun = (module: { readonly ENV: Record<string, string> }) => {
    // Otherwise, it writes warnings to the standard error.
    module.ENV['VIPS_WARNING'] = 'off';
  };
  const vips = await load({ dynamicLibraries: [], preRun });
  vips.concurrency(1);
  vips.Cache.max(0);
  return vips;
}
