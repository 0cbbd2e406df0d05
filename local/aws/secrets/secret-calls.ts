import * as z from 'zod';
import { ServiceError } from '../service-error.ts';

export interface SecretTools {
  /** Secret values, keyed by ARN. */
  readonly secrets: ReadonlyMap<string, string>;
  /**
   * The access key IDs of the functions, which then are the only callers that can read secrets.
   *
   * @default any caller can
   */
  readonly secretsOnlyFor?: readonly string[] | undefined;
}

const secretInput = z.object({ SecretId: z.string() });

export async function getSecretValue(
  input: unknown,
  { secrets, secretsOnlyFor }: SecretTools,
  accessKeyId: string | undefined,
): Promise<object> {
  const { SecretId } = secretInput.parse(input);
  if (secretsOnlyFor !== undefined && !secretsOnlyFor.includes(accessKeyId ?? '')) {
    throw new ServiceError('AccessDeniedException', 'only the functions of this run may read the real credentials');
  }
  const value = secrets.get(SecretId);
  if (value === undefined)
    throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  return { ARN: SecretId, Name: SecretId, SecretString: value, VersionStages: ['AWSCURRENT'] };
}
