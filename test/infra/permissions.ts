import * as z from 'zod';
import type { Synthesized } from './synthesized.ts';

const list = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());
const statement = z.strictObject({ Effect: z.literal('Allow'), Action: list, Resource: list });
const policy = z.object({
  PolicyDocument: z.object({ Statement: z.array(statement) }),
  Roles: z.array(z.string()),
});

/** Every `<action> on <resource>` that a role may do, sorted, by the last part of the role's name or all of it. Plain allowances only: anything cleverer fails to parse. */
export function permissionsOf(template: Synthesized, role: string): readonly string[] {
  const policies = Object.values(template.resources('AWS::IAM::Policy'));
  return policies
    .map(({ Properties }) => policy.parse(Properties))
    .filter(({ Roles }) => Roles.some((name) => name === role || name.endsWith(`/${role}`)))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) => Action.flatMap((action) => Resource.map((on) => `${action} on ${on}`)))
    .sort();
}

/** What a function writes to, its own log group and no other. */
export const logging = (name: string) =>
  ['CreateLogStream', 'PutLogEvents'].map((action) => `logs:${action} on ${name}Logs.Arn`);

export const tracing = ['xray:PutTelemetryRecords on *', 'xray:PutTraceSegments on *'];
export const DEFAULT_BUS = 'arn:aws:events:us-east-1:111122223333:event-bus/default';

/** What Lambda needs to feed a function from a queue. */
export const receiving = (queue: string) =>
  ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'GetQueueUrl', 'ReceiveMessage'].map(
    (action) => `sqs:${action} on ${queue}`,
  );

/** What the functions that call Scenario share. */
export const sharing = (bucket: string) =>
  ['Get', 'Put'].map((verb) => `s3:${verb}Object on ${bucket}/control/jobs.json`);

export const answering = (bucket: string, bus: string) => [
  `events:PutEvents on ${bus}`,
  ...['runs/*', 'results/*', 'control/ledger/*', 'models/*/manifest.json'].flatMap((documents) => [
    `s3:GetObject on ${bucket}/${documents}`,
    `s3:PutObject on ${bucket}/${documents}`,
  ]),
  `s3:ListBucket on ${bucket}`,
];
