import { aws_cloudwatch as cloudwatch, Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { MetricName } from '../functions/platform/metrics.ts';
import { ServiceFunction } from './service-function.ts';
import type { EventQueue } from './event-queue.ts';
import type { Settings } from './settings/settings.ts';

/** A line, and the functions whose counts are added up. */
type Line = readonly [metric: MetricName, functions: readonly string[], statistic?: string];

const SUBMIT = ['SubmitJob'];
const STORE = ['StoreAssets'];
const RENDER = ['MakeRenditions'];
const CONCLUDE = ['SubmitJob', 'StoreAssets', 'ReportFailure'];

const FUNNEL = 'Uploads per hour';

/** What nobody has to act on. What needs a person rings an alarm. */
const GRAPHS: Readonly<Record<string, readonly Line[]>> = {
  [FUNNEL]: [
    ['Submitted', SUBMIT],
    ['Stored', CONCLUDE],
    ['Reused', CONCLUDE],
    ['Failed', CONCLUDE],
    ['Rejected', CONCLUDE],
  ],
  'Compute units per hour': [
    ['CuSubmitted', SUBMIT],
    ['CuSpent', CONCLUDE],
  ],
  'Seconds from payment to result': [
    ['GenerationSeconds', STORE, 'p50'],
    ['GenerationSeconds', STORE, 'p95'],
  ],
  'Seconds held by a full ceiling': [['BusySeconds', SUBMIT]],
  'Held and repaired per hour': [
    ['Paused', SUBMIT],
    ['OverDailyLimit', SUBMIT],
    ['AccountRefused', SUBMIT],
    ['PutBack', ['Sweep']],
  ],
  'Seconds for the renditions of a model': [
    ['RenditionSeconds', RENDER, 'p50'],
    ['RenditionSeconds', RENDER, 'p95'],
  ],
  'Renditions that could not be made': [['RenditionsMissing', RENDER]],
};

const PERIOD = Duration.hours(1);
const HALF = 12;

/** The flow of uploads, times, and money, in one page of the CloudWatch console. */
export function createDashboard(
  scope: Construct,
  uploads: EventQueue,
  { maxCuPerDay }: Settings,
): cloudwatch.Dashboard {
  const functions = scope.node.findAll().filter((node) => node instanceof ServiceFunction);
  const metricOf = ([metric, authors, statistic = 'Sum']: Line, period = PERIOD): cloudwatch.IMetric => {
    const label = statistic === 'Sum' ? metric : `${metric} ${statistic}`;
    const counted = functions
      .filter(({ node }) => authors.includes(node.id))
      .map((fn) => fn.serviceMetric(metric, { statistic, period, label }));
    const [only, ...others] = counted;
    if (only && others.length === 0) return only;
    const usingMetrics = Object.fromEntries(counted.map((one, n) => [`${metric.toLowerCase()}${n}`, one]));
    const expression = Object.keys(usingMetrics)
      .map((id) => `FILL(${id}, 0)`)
      .join(' + ');
    return new cloudwatch.MathExpression({ expression, usingMetrics, label, period });
  };
  const graph = (title: string, left: readonly cloudwatch.IMetric[]) =>
    new cloudwatch.GraphWidget({ title, left: [...left], width: HALF });
  const waiting = graph('Uploads that wait', [
    uploads.queue.metricApproximateNumberOfMessagesVisible({ label: 'waiting', statistic: 'Maximum' }),
    uploads.queue.metricApproximateNumberOfMessagesNotVisible({ label: 'in hand', statistic: 'Maximum' }),
  ]);
  const day = new cloudwatch.GraphWidget({
    title: 'Compute units per day (UTC)',
    left: [metricOf(['CuSubmitted', SUBMIT], Duration.days(1))],
    ...(maxCuPerDay !== 'none' && { leftAnnotations: [{ value: maxCuPerDay, label: 'maxCuPerDay' }] }),
    width: HALF,
  });
  const graphs = Object.entries(GRAPHS).map(([title, lines]) =>
    graph(title, [...(title === FUNNEL ? [dropped(uploads)] : []), ...lines.map((line) => metricOf(line))]),
  );
  return new cloudwatch.Dashboard(scope, 'Dashboard', { widgets: [[...graphs, waiting, day]] });
}

/** The events of S3 that arrived, ignored objects included. */
function dropped({ rule }: EventQueue): cloudwatch.Metric {
  const dimensionsMap = { RuleName: rule.ruleName };
  const own = { namespace: 'AWS/Events', metricName: 'MatchedEvents', dimensionsMap };
  return new cloudwatch.Metric({ ...own, statistic: 'Sum', period: PERIOD, label: 'dropped' });
}
