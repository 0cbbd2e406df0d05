import sharp from 'sharp';

const plain = { width: 24, height: 24, channels: 3, background: '#aa3322' } as const;

export const png = (): Promise<Buffer> => sharp({ create: plain }).png().toBuffer();
export const jpeg = (): Promise<Buffer> => sharp({ create: plain }).jpeg().toBuffer();
export const webp = (): Promise<Buffer> => sharp({ create: plain }).webp().toBuffer();
