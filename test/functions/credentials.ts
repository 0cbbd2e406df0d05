import type { CredentialSource } from '../../functions/scenario/credentials.ts';

/** Gives out these pairs, the next one after each drop. */
export function credentialsOf(...secrets: readonly string[]) {
  let dropped = 0;
  const source: CredentialSource = {
    get: async () => ({
      apiKey: 'key',
      apiSecret: secrets[Math.min(dropped, secrets.length - 1)] ?? 'secret',
    }),
    drop: () => {
      dropped += 1;
    },
  };
  return { ...source, drops: () => dropped };
}
