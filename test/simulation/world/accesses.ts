import type { Access } from '../../../local/aws/iam/access.ts';
import { fits } from '../../../local/aws/iam/authorize.ts';
import type { Template } from '../../../local/aws/template.ts';

/** Every permission that a function of any world has needed: `SubmitJob s3:GetObject arn:…`. */
const needed = new Map<string, { readonly functionName: string; readonly access: Access }>();

export function noteAccess(functionName: string, access: Access): void {
  needed.set(`${functionName} ${access.action} ${access.resource}`, { functionName, access });
}

/** The number of different permissions that were needed, and of what the policies allow: an action on a pattern. */
export interface Usage {
  readonly needed: number;
  readonly allowed: number;
  /** `SubmitJob: s3:GetObject on arn:…/control/gate.json` */
  readonly unused: readonly string[];
}

/** What Lambda and CloudWatch themselves do in the name of a role. No call of a function shows it. */
const OF_LAMBDA =
  /^(?:logs:(?:CreateLogStream|PutLogEvents)|xray:Put\w+|sqs:(?:ReceiveMessage|DeleteMessage|ChangeMessageVisibility|GetQueueAttributes|GetQueueUrl) on \S+:\S+-Queue$)/;

/** Compares what the policies of the template allow with what was needed. */
export function usageOf({ functions }: Template): Usage {
  const all = [...needed.values()];
  const grants = functions.flatMap(({ name, statements }) =>
    statements.flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => ({ name, action, resource }))),
    ),
  );
  const unused = grants.filter(
    ({ name, action, resource }) =>
      !all.some(
        ({ functionName, access }) =>
          functionName === name && fits(action, access.action) && fits(resource, access.resource),
      ),
  );
  return {
    needed: all.length,
    allowed: grants.length,
    unused: unused
      .filter(({ action, resource }) => !OF_LAMBDA.test(`${action} on ${resource}`))
      .map(({ name, action, resource }) => `${name}: ${action} on ${resource}`),
  };
}
