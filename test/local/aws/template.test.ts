import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { assembly } from '../../../local/aws/assembly.ts';
import { readTemplate } from '../../../local/aws/template.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const templateSchema = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});
type Resources = z.infer<typeof templateSchema>['Resources'];

let synthesized: string;
beforeAll(async () => {
  synthesized = await assembly();
});

/** Creates a copy of the synthesized assembly with changed resources. */
async function changed(change: (resources: Resources) => void): Promise<string> {
  const folder = await temporaryFolder();
  const file = join(folder, 'Meshdrop.template.json');
  await cp(join(synthesized, 'Meshdrop.template.json'), file);
  const template = templateSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  change(template.Resources);
  await writeFile(file, JSON.stringify(template));
  return folder;
}

function first(resources: Resources, type: string): Resources[string] {
  const found = Object.values(resources).find((resource) => resource.Type === type);
  if (!found) throw new Error(`no ${type}`);
  return found;
}

describe('the synthesized template', () => {
  test('results in functions with their environment, queues, rules, and a definition, with all references resolved', async () => {
    const template = await readTemplate(synthesized);

    const submitJob = template.functions.find(({ name }) => name === 'SubmitJob');
    const uploads = template.queues.find(({ name }) => name === 'Uploads-Queue');
    expect(template.functions.map(({ name }) => name).sort()).toEqual([
      'CheckJob',
      'MakeRenditions',
      'ReportFailure',
      'StoreAssets',
      'SubmitJob',
      'Sweep',
    ]);
    expect(template.buckets.map(({ ref }) => ref).sort()).toEqual(['meshdrop-assets', 'meshdrop-uploads']);
    expect(submitJob?.properties.Environment?.Variables).toMatchObject({
      ASSET_BUCKET: 'meshdrop-assets',
      EVENT_BUS_NAME: 'default',
      STATE_MACHINE_ARN: template.machine.ref,
    });
    expect(uploads?.properties).toMatchObject({
      VisibilityTimeout: 360,
      RedrivePolicy: { maxReceiveCount: 1000 },
    });
    expect(JSON.stringify(template.functions.map(({ properties }) => properties))).not.toMatch(/Fn::|"Ref"/);
    expect(JSON.parse(template.machine.properties.DefinitionString)).toHaveProperty(
      'States.CheckJob.Resource',
      expect.stringContaining('function:CheckJob'),
    );
  });

  test('has rules that invoke a function at a rate', async () => {
    const folder = await changed((resources) => {
      resources['Hourly'] = {
        Type: 'AWS::Events::Rule',
        Properties: { ScheduleExpression: 'rate(2 hours)', State: 'ENABLED', Targets: [] },
      };
    });

    const { rules } = await readTemplate(folder);

    expect(rules.map(({ properties }) => properties.ScheduleExpression)).toContain(7_200_000);
  });

  test('is refused if a schedule is not a rate, with the expression in the message', async () => {
    const folder = await changed((resources) => {
      const Properties = { ScheduleExpression: 'cron(0 3 * * ? *)', State: 'ENABLED', Targets: [] };
      resources['Nightly'] = { Type: 'AWS::Events::Rule', Properties };
    });

    await expect(readTemplate(folder)).rejects.toThrow(
      'Nightly of type AWS::Events::Rule: ScheduleExpression cron(0 3 * * ? *) is not supported, only rates such as rate(15 minutes)',
    );
  });

  test('can have resources without effect in a local run: alarms, a dashboard, topics, reserved concurrency', async () => {
    const folder = await changed((resources) => {
      resources['Topic'] = { Type: 'AWS::SNS::Topic', Properties: {} };
      resources['Alarm'] = {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: { AlarmActions: [{ Ref: 'Topic' }] },
      };
      resources['Dashboard'] = { Type: 'AWS::CloudWatch::Dashboard', Properties: {} };
      const { Properties } = first(resources, 'AWS::Lambda::Function');
      Properties['ReservedConcurrentExecutions'] = 2;
      Properties['Environment'] = { Variables: { TOPIC_ARN: { Ref: 'Topic' } } };
    });

    const { functions } = await readTemplate(folder);

    const told = functions.map(({ properties }) => properties.Environment?.Variables['TOPIC_ARN']);
    expect(told).toContain('arn:aws:sns:us-east-1:000000000000:Topic');
  });

  test('is refused if it has an unknown resource type, with the name in the message', async () => {
    const folder = await changed((resources) => {
      resources['Table'] = { Type: 'AWS::DynamoDB::Table', Properties: {} };
    });

    await expect(readTemplate(folder)).rejects.toThrow(
      'the local run does not support the resource Table of type AWS::DynamoDB::Table',
    );
  });

  test('is refused if a resource has an unknown property', async () => {
    const folder = await changed((resources) => {
      first(resources, 'AWS::SQS::Queue').Properties['DelaySeconds'] = 5;
    });

    await expect(readTemplate(folder)).rejects.toThrow(/AWS::SQS::Queue.*DelaySeconds/s);
  });

  test('is refused if a rule has an unknown filter', async () => {
    const folder = await changed((resources) => {
      first(resources, 'AWS::Events::Rule').Properties['EventPattern'] = { source: [{ wildcard: 'aws.*' }] };
    });

    await expect(readTemplate(folder)).rejects.toThrow(/AWS::Events::Rule/);
  });

  test('is refused if it refers to something that does not exist', async () => {
    const folder = await changed((resources) => {
      first(resources, 'AWS::Lambda::EventSourceMapping').Properties['EventSourceArn'] = {
        'Fn::GetAtt': ['Nothing', 'Arn'],
      };
    });

    await expect(readTemplate(folder)).rejects.toThrow('Nothing.Arn');
  });
});
