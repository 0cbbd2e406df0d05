import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Where `Validations.acknowledge` keeps what it is told. Earlier versions of CDK have the metadata, but not that class. */
const METADATA = 'aws:cdk:acknowledged-rules';

/**
 * Accepts findings of cdk-nag, each with the reason. They are shipped with the construct, so that your own app passes.
 *
 * @param reasons by the ID of the finding: `{ 'AwsSolutions-S1': 'set accessLogBucket' }`
 */
export function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  const named = Object.entries(reasons).map(([id, reason]) => [`Annotation::${id}`, reason]);
  scope.node.addMetadata(METADATA, Object.fromEntries(named));
}

/** Accepts that a policy names these resources with a wildcard. */
export function acknowledgeWildcards(scope: IConstruct, resources: readonly string[], reason: string): void {
  const wild = resources.map((arn) => plain(Stack.of(scope).resolve(arn))).filter((text) => text.includes('*'));
  acknowledge(scope, Object.fromEntries(wild.map((text) => [`AwsSolutions-IAM5[Resource::${text}]`, reason])));
}

/** A resolved ARN as cdk-nag writes it: `<Bucket.Arn>/runs/*`. */
function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  const [intrinsic, argument]: readonly [string?, unknown?] = Object.entries({ ...(value as object) })[0] ?? [];
  if (intrinsic === 'Ref') return `<${String(argument)}>`;
  if (intrinsic === 'Fn::GetAtt' && Array.isArray(argument)) return `<${argument.join('.')}>`;
  if (intrinsic === 'Fn::Join' && Array.isArray(argument)) {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map(plain).join(separator);
  }
  return JSON.stringify(value);
}
