import * as z from 'zod';
import { type ResourceNames, resolveIntrinsics } from '../intrinsics.ts';
import type { Resource } from '../resource-names.ts';

/** What a role may do. `*` stands for any characters. */
export interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

const list = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());
/** Anything cleverer would be allowed or denied by mistake, so it fails to parse. */
const statement = z
  .strictObject({ Effect: z.literal('Allow'), Action: list, Resource: list })
  .transform(({ Action, Resource }) => ({ actions: Action, resources: Resource }));
const policyShape = z.object({
  PolicyDocument: z.object({ Statement: z.array(statement) }),
  Roles: z.array(z.object({ Ref: z.string() })),
});
const ofRole = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) });

/** Reads the policies of the template, by the logical ID of the role. */
export function statementsByRole(
  resources: Readonly<Record<string, Resource>>,
  names: ReadonlyMap<string, ResourceNames>,
): ReadonlyMap<string, readonly Statement[]> {
  const found = new Map<string, Statement[]>();
  for (const { Type, Properties } of Object.values(resources)) {
    if (Type !== 'AWS::IAM::Policy') continue;
    const { PolicyDocument, Roles } = policyShape.parse({
      PolicyDocument: resolveIntrinsics(Properties['PolicyDocument'], names),
      Roles: Properties['Roles'],
    });
    for (const { Ref } of Roles) found.set(Ref, [...(found.get(Ref) ?? []), ...PolicyDocument.Statement]);
  }
  return found;
}

/** The logical ID of the role in a property such as `Role` or `RoleArn`. */
export function roleIn(property: unknown): string {
  return ofRole.parse(property)['Fn::GetAtt'][0];
}
