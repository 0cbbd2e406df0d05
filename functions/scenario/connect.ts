import { setTimeout as sleep } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { namingFaults } from '../platform/aws-errors.ts';
import { createScenario, type Scenario } from './client.ts';
import { secretReader } from './credentials.ts';

/** Scenario as a function reaches it, from the names in its environment. */
export function createScenarioClient(env: {
  readonly SCENARIO_URL: string;
  readonly SCENARIO_SECRET_ARN: string;
}): Scenario {
  const credentials = secretReader(namingFaults(new SecretsManagerClient()), env.SCENARIO_SECRET_ARN);
  return createScenario({ url: env.SCENARIO_URL, credentials, fetch, sleep, now: Date.now });
}
