import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { parseJson } from '../functions/platform/json.ts';
import { DEPLOYMENT, optionsHelp, readDeploymentCall } from './command-line.ts';
import { command } from './operate.ts';
import { UsageError } from './usage-error.ts';

const help = `Stores the API key of Scenario and its secret in the secret of a deployment. Also rotates them: the functions read them again as
soon as Scenario refuses the old ones, and no deployment is needed.

  npx meshdrop secret ${DEPLOYMENT}
  npx meshdrop secret < FILE

In a terminal, it asks for both, and does not show what you type. Otherwise, it reads the standard input: two lines with
the key and the secret, or JSON with apiKey and apiSecret. Never pass them as arguments: those stay in the history of
your shell.

${optionsHelp}`;

const word = z.string().trim().regex(/^\S+$/);
const keysSchema = z.strictObject({ apiKey: word, apiSecret: word });
export type ApiKeys = z.infer<typeof keysSchema>;

/** @returns the exit code */
export async function secret(args: readonly string[]): Promise<number> {
  return await command({ name: 'secret', help, read: readDeploymentCall }, args, async (_, tools) => {
    const { isHere, scenarioSecretArn: SecretId, region } = tools;
    if (isHere)
      throw new UsageError(
        'a Meshdrop on this machine takes its key from SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET when it starts',
      );
    if (SecretId === undefined)
      throw new UsageError('the outputs of this deployment do not name its secret; deploy again');
    const keys = process.stdin.isTTY ? await askForKeys() : keysIn(await text(process.stdin));
    const client = new SecretsManagerClient({ region });
    await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(keys) }));
    return { done: true, sentence: 'stored the key; to check it, use npx meshdrop doctor' };
  });
}

/**
 * Reads the keys from text. A mistake is never repeated in a message.
 *
 * @throws UsageError
 */
export function keysIn(given: string): ApiKeys {
  const [apiKey, apiSecret, ...more] = given.trim().split(/\r?\n/);
  const lines = more.length === 0 ? { apiKey, apiSecret } : undefined;
  const keys = keysSchema.safeParse(parseJson(given) ?? lines).data;
  if (keys) return keys;
  throw new UsageError(
    'the standard input must have two lines, the API key and its secret, or be JSON with apiKey and apiSecret',
  );
}

async function askForKeys(): Promise<ApiKeys> {
  let isHidden = false;
  const output = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (!isHidden) process.stderr.write(chunk);
      done();
    },
  });
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  const ask = async (question: string) => {
    process.stderr.write(question);
    isHidden = true;
    const answer = await terminal.question('');
    isHidden = false;
    process.stderr.write('\n');
    return answer;
  };
  try {
    const apiKey = await ask('Scenario API key: ');
    return keysIn(`${apiKey}\n${await ask('Scenario API secret: ')}`);
  } finally {
    terminal.close();
  }
}
