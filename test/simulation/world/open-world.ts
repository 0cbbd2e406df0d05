import { createAws } from '../../../local/aws/create-aws.ts';
import { createMemoryFiles } from '../../../local/files/durable-files.ts';
import type { Template } from '../../../local/aws/template.ts';
import { createStandInApi, type StandInApi } from '../../../local/scenario/api.ts';
import { noteAccess } from './accesses.ts';
import { createVirtualClock, type VirtualClock } from './clock.ts';
import { createIds, createRandom } from './random.ts';
import { SimulatedWorld } from './simulated-world.ts';
import { openStack, findUploadsArn } from './stack.ts';
import { createStory } from './story.ts';
import { Watch } from './watch.ts';
import type { Dropped, Setting, World } from './world.ts';

const START = Date.UTC(2026, 9, 5, 10);
const ORIGIN = 'http://127.0.0.1:1';
const SECRET = { apiKey: 'key-of-the-simulation', apiSecret: 'secret-of-the-simulation' };
const { apiKey, apiSecret } = SECRET;
const SECRET_TEXTS = [apiKey, apiSecret, Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')];

/** Opens the stack of `npm start` on virtual time, with the faults of the setting. */
export async function openWorld(setting: Setting): Promise<World> {
  const template = withRules(await openStack(), setting);
  const clock = createVirtualClock(START, createRandom(setting.seed));
  const random = createRandom(setting.seed + 2);
  const story = createStory(clock.now);
  const standIn = await openStandIn(setting, clock);
  const uploads: Dropped[] = [];
  const watch = new Watch({
    setting,
    story,
    random,
    store: () => aws.store,
    assetBucket: template.outputs['AssetBucketName'] ?? '',
    uploadsArn: findUploadsArn(template),
    uploads,
    secrets: SECRET_TEXTS,
  });
  const aws = await createAws({
    template,
    clock,
    random,
    newId: createIds(),
    files: () => Promise.resolve(createMemoryFiles()),
    invoke: (functionName, event) => world.lambda.invoke(functionName, event),
    speed: 1,
    secrets: new Map([[template.outputs['ScenarioSecretArn'] ?? '', JSON.stringify(SECRET)]]),
    onTrouble: ({ name }, error) => watch.invariants.onTrouble(`the end of ${name}`, error),
    hooks: {
      ...watch.hooks,
      onAccess: (functionName, access, grant) => {
        noteAccess(functionName, access);
        if (grant === undefined)
          watch.invariants.onTrouble(`a permission of ${functionName}`, `${access.action} ${access.resource}`);
      },
    },
  });
  const world: World = new SimulatedWorld({
    setting,
    scenarioUrl: `${ORIGIN}/v1`,
    template,
    clock,
    random,
    story,
    standIn,
    uploads,
    watch,
    aws,
  });
  aws.begin();
  return world;
}

function withRules(template: Template, { isSweepDisabled = false }: Setting): Template {
  if (!isSweepDisabled) return template;
  const rules = template.rules.filter(({ properties }) => properties.ScheduleExpression === undefined);
  return { ...template, rules };
}

function openStandIn({ seed, standIn }: Setting, { now }: VirtualClock): Promise<StandInApi> {
  return createStandInApi({
    ...SECRET,
    origin: () => ORIGIN,
    now,
    random: createRandom(seed + 1),
    options: { resultModel: 'triangle', ...standIn },
  });
}
