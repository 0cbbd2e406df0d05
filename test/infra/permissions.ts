import * as z from 'zod';
import type { Synthesized } from './synthesized.ts';

const list = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());
const statement = z.strictObject({ Effect: z.literal('Allow'), Action: list, Resource: list });
const policy = z.object({
  PolicyDocument: z.object({ Statement: z.array(statement) }),
  Roles: z.array(z.string()),
});

/** Every `<action> on <resource>` that a role may do, sorted. Plain allowances only: anything cleverer fails to parse. */
export function permissionsOf(template: Synthesized, role: string): readonly string[] {
  const policies = Object.values(template.resources('AWS::IAM::Policy'));
  return policies
    .map(({ Properties }) => policy.parse(Properties))
    .filter(({ Roles }) => Roles.includes(role))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) => Action.flatMap((action) => Resource.map((on) => `${action} on ${on}`)))
    .sort();
}
