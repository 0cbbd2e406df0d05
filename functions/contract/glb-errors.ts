import * as z from 'zod';

/** What errors of Khronos' validator mean: a note in the manifest, or that the file is no model. */
export const glbErrorsSchema = z.enum(['record', 'fail']);
export type GlbErrors = z.infer<typeof glbErrorsSchema>;
