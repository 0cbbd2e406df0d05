import { setTimeout as sleep } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { namingFaults } from './aws-faults.ts';
import { createScenario, type Scenario } from './scenario.ts';
import { secretReader } from './secret.ts';

/** Scenario as a function reaches it, from the names in its environment. */
export function createScenarioClient(env: {
  readonly SCENARIO_URL: string;
  readonly SCENARIO_SECRET_ARN: string;
}): Scenario {
  const credentials = secretReader(namingFaults(new SecretsManagerClient()), env.SCENARIO_SECRET_ARN);
  return createScenario({ url: env.SCENARIO_URL, credentials, fetch, sleep, now: Date.now });
}
