/** A larger model is not read. */
export const MAX_SOURCE_BYTES = 200_000_000;
/** A model that draws more is not made smaller. */
export const MAX_TRIANGLES = 5_000_000;
