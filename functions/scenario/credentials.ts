import {
  GetSecretValueCommand,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { ScenarioAccountError } from '../platform/errors.ts';
import { jsonIn } from '../platform/json.ts';

const secretSchema = z.object({ apiKey: z.string().min(1), apiSecret: z.string().min(1) });
type Credentials = z.infer<typeof secretSchema>;

/** Read on first use and kept while the function is warm; dropped when Scenario refuses them, so a rotation needs no deploy. */
export interface CredentialSource {
  get(): Promise<Credentials>;
  drop(): void;
}

export function secretReader(client: SecretsManagerClient, arn: string): CredentialSource {
  let kept: Promise<Credentials> | undefined;

  async function read(): Promise<Credentials> {
    const { SecretString } = await client
      .send(new GetSecretValueCommand({ SecretId: arn }))
      .catch((cause: unknown) => {
        throw isRefusal(cause)
          ? new ScenarioAccountError(`the secret ${arn} can not be read: ${cause.name}`, { cause })
          : cause;
      });
    const parsed = secretSchema.safeParse(jsonIn(SecretString ?? ''));
    if (parsed.success) return parsed.data;
    throw new ScenarioAccountError(
      `the secret ${arn} is not filled: put {"apiKey": "…", "apiSecret": "…"} in with aws secretsmanager put-secret-value`,
    );
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

/** Not there yet, not allowed, not to be decrypted: no image is at fault. */
function isRefusal(error: unknown): error is SecretsManagerServiceException {
  return error instanceof SecretsManagerServiceException && error.$fault === 'client';
}
