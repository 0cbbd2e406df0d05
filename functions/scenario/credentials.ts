import {
  GetSecretValueCommand,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { parseJson } from '../platform/json.ts';
import { ScenarioAccountError } from './errors.ts';

const secretSchema = z.object({ apiKey: z.string().min(1), apiSecret: z.string().min(1) });

export type CredentialSource = ReturnType<typeof createCredentialSource>;

/**
 * Reads the credentials from Secrets Manager on first use and keeps them while the function is warm. Call `drop` when
 * Scenario refuses them: the next call then reads them again, so a rotation needs no deployment.
 */
export function createCredentialSource(client: SecretsManagerClient, arn: string) {
  let kept: ReturnType<typeof read> | undefined;

  async function read(): Promise<z.infer<typeof secretSchema>> {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn })).catch((cause: unknown) => {
      // The secret is missing, forbidden or can't be decrypted: no image is at fault.
      const isRefusal = cause instanceof SecretsManagerServiceException && cause.$fault === 'client';
      throw isRefusal ? new ScenarioAccountError(`the secret ${arn} cannot be read: ${cause.name}`, { cause }) : cause;
    });
    const parsed = secretSchema.safeParse(parseJson(SecretString ?? ''));
    if (parsed.success) return parsed.data;
    throw new ScenarioAccountError(`the secret ${arn} has no valid value: store the API key with npx meshdrop secret`);
  }

  return {
    get: () => {
      kept ??= read().catch((error: unknown) => {
        kept = undefined;
        throw error;
      });
      return kept;
    },
    drop: () => {
      kept = undefined;
    },
  };
}
