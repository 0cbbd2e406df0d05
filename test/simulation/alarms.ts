import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { assembly } from '../../local/aws/assembly.ts';
import { resolveIntrinsics } from '../../local/aws/intrinsics.ts';
import { nameOf, namesOf, templateSchema } from '../../local/aws/resource-names.ts';
import type { Sample } from './metrics.ts';

const alarmShape = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.tuple([z.object({ Name: z.string(), Value: z.string() })]),
  Statistic: z.enum(['Sum', 'Maximum']),
  /** Seconds. */
  Period: z.number(),
  EvaluationPeriods: z.number(),
  Threshold: z.number(),
  ComparisonOperator: z.enum(['GreaterThanOrEqualToThreshold', 'LessThanThreshold']),
  TreatMissingData: z.enum(['breaching', 'notBreaching']),
});

/** An alarm of the template. */
export interface Alarm extends z.infer<typeof alarmShape> {
  /** `DuplicateJob` */
  readonly name: string;
}

/** Reads all alarms of the synthesized stack, with the names of this machine in place of references. */
export async function readAlarms(): Promise<readonly Alarm[]> {
  const text = await readFile(join(await assembly(), 'Meshdrop.template.json'), 'utf8');
  const { Resources, Outputs } = templateSchema.parse(JSON.parse(text));
  const resources = Object.entries(Resources);
  const names = new Map(
    resources.flatMap(([id, resource]) => {
      const named = namesOf(id, resource, Outputs);
      return named ? [[id, named] as const] : [];
    }),
  );
  return resources
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    .map(([id, resource]) => ({
      name: nameOf(resource, id).split('-').at(-1) ?? id,
      ...alarmShape.parse(resolveIntrinsics(resource.Properties, names)),
    }));
}

/** Returns whether the alarm goes off at some time between the two times, as CloudWatch evaluates it. */
export function goesOff(alarm: Alarm, samples: readonly Sample[], from: number, to: number): boolean {
  const { Namespace, MetricName, Dimensions, Period, EvaluationPeriods } = alarm;
  const values = new Map<number, number[]>();
  const periodOf = (time: number) => Math.floor(time / (Period * 1000));
  for (const { namespace, metric, of, at, value } of samples) {
    if (namespace !== Namespace || metric !== MetricName || of !== Dimensions[0].Value) continue;
    values.set(periodOf(at), [...(values.get(periodOf(at)) ?? []), value]);
  }
  let inARow = 0;
  // Only whole periods count.
  for (let period = Math.ceil(from / (Period * 1000)); period < periodOf(to); period += 1) {
    inARow = isBreaching(alarm, values.get(period)) ? inARow + 1 : 0;
    if (inARow === EvaluationPeriods) return true;
  }
  return false;
}

function isBreaching(alarm: Alarm, values: readonly number[] | undefined): boolean {
  const { Statistic, Threshold, ComparisonOperator, TreatMissingData } = alarm;
  if (values === undefined) return TreatMissingData === 'breaching';
  const value = Statistic === 'Maximum' ? Math.max(...values) : values.reduce((sum, one) => sum + one, 0);
  return ComparisonOperator === 'LessThanThreshold' ? value < Threshold : value >= Threshold;
}
