import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { assembly } from '../../local/aws/assembly.ts';
import { resolveIntrinsics } from '../../local/aws/intrinsics.ts';
import { nameOf, namesOf, templateSchema } from '../../local/aws/resource-names.ts';
import type { Sample } from './world/metrics.ts';

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

/** A metric of a function or a queue: `Meshdrop Stored Meshdrop/ImageToModel/Generation/StoreAssets` */
export const metricId = ({ namespace, metric, of }: Omit<Sample, 'at' | 'value'>) => `${namespace} ${metric} ${of}`;

/** What a person sees: the alarms, and the metrics in the graphs of the dashboard. */
export interface Watched {
  readonly alarms: readonly Alarm[];
  /** @see metricId */
  readonly drawn: ReadonlySet<string>;
}

/** Reads the synthesized stack, with the names of this machine in place of references. */
export async function readWatched(): Promise<Watched> {
  const text = await readFile(join(await assembly(), 'Meshdrop.template.json'), 'utf8');
  const { Resources, Outputs } = templateSchema.parse(JSON.parse(text));
  const resources = Object.entries(Resources);
  const names = new Map(
    resources.flatMap(([id, resource]) => {
      const named = namesOf(id, resource, Outputs);
      return named ? [[id, named] as const] : [];
    }),
  );
  const all = (type: string) =>
    resources
      .filter(([, { Type }]) => Type === type)
      .map(([id, resource]) => ({
        name: nameOf(resource, id).split('-').at(-1) ?? id,
        properties: resolveIntrinsics(resource.Properties, names),
      }));
  return {
    alarms: all('AWS::CloudWatch::Alarm').map(({ name, properties }) => ({ name, ...alarmShape.parse(properties) })),
    drawn: new Set(all('AWS::CloudWatch::Dashboard').flatMap(({ properties }) => metricsIn(properties))),
  };
}

const dashboardShape = z.object({ DashboardBody: z.string() });
const bodyShape = z.object({
  widgets: z.array(z.object({ properties: z.object({ metrics: z.array(z.array(z.unknown())) }) })),
});
/** Namespace, name, and the only dimension. A math expression is an object. */
const metricShape = z.tuple([z.string(), z.string(), z.string(), z.string()]).rest(z.unknown());

function metricsIn(properties: unknown): readonly string[] {
  const { widgets } = bodyShape.parse(JSON.parse(dashboardShape.parse(properties).DashboardBody));
  return widgets
    .flatMap((widget) => widget.properties.metrics)
    .flatMap((metric) => {
      const [namespace, name, , of] = metricShape.safeParse(metric).data ?? [];
      return namespace !== undefined && name !== undefined && of !== undefined
        ? metricId({ namespace, metric: name, of })
        : [];
    });
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
