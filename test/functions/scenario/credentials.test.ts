import {
  DecryptionFailure,
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createCredentialSource } from '../../../functions/scenario/credentials.ts';
import { ScenarioAccountError } from '../../../functions/scenario/errors.ts';

const client = new SecretsManagerClient({ region: 'us-east-1' });
const aws = mockClient(client);
const ARN = 'arn:aws:secretsmanager:us-east-1:1:secret:scenario';
const open = () => createCredentialSource(client, ARN);
const filled = (apiSecret: string) => ({ SecretString: JSON.stringify({ apiKey: 'key', apiSecret }) });
const reads = () => aws.commandCalls(GetSecretValueCommand).length;

beforeEach(() => aws.reset());

describe('the secret', () => {
  it('is read once, on first use', async () => {
    aws.on(GetSecretValueCommand, { SecretId: ARN }).resolves(filled('s'));
    const secret = open();
    expect(reads()).toBe(0);

    await Promise.all([secret.get(), secret.get()]);

    expect(await secret.get()).toEqual({ apiKey: 'key', apiSecret: 's' });
    expect(reads()).toBe(1);
  });

  it('is read again after a drop', async () => {
    aws.on(GetSecretValueCommand).resolvesOnce(filled('old')).resolves(filled('new'));
    const secret = open();
    await secret.get();

    secret.drop();

    expect(await secret.get()).toMatchObject({ apiSecret: 'new' });
  });

  it('is read again after a failure', async () => {
    aws.on(GetSecretValueCommand).rejectsOnce(new Error('throttled')).resolves(filled('s'));
    const secret = open();
    await expect(secret.get()).rejects.toThrow('throttled');

    expect(await secret.get()).toMatchObject({ apiSecret: 's' });
  });

  it.each([
    ['nothing', undefined],
    ['text that is not JSON', 'key:hunter2'],
    ['empty values', '{"apiKey":"","apiSecret":""}'],
    ['another shape', '{"key":"hunter2"}'],
  ])('that holds %s is an account error, which never shows the content', async (_, SecretString) => {
    aws.on(GetSecretValueCommand).resolves(SecretString === undefined ? {} : { SecretString });

    const error = await open()
      .get()
      .catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(ScenarioAccountError);
    expect(String(error)).toContain(ARN);
    expect(String(error)).not.toContain('hunter2');
  });

  it.each([
    ['that has no value yet', ResourceNotFoundException],
    ["that can't be decrypted", DecryptionFailure],
  ])('%s is also an account error, because no image is at fault', async (_, Refusal) => {
    aws.on(GetSecretValueCommand).rejects(new Refusal({ message: 'no', $metadata: {} }));

    await expect(open().get()).rejects.toThrow(ScenarioAccountError);
  });
});
