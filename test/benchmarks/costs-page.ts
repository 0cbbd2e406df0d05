import type { Row } from './benches.ts';
import { SCENARIO_CU } from './cost.ts';
import { PRICES } from './prices.ts';
import type { Figures } from './report.ts';
import { markdownTable } from './table.ts';

const PRICE_NAMES: Readonly<Record<keyof Omit<typeof PRICES, 'date'>, string>> = {
  lambdaRequest: 'an invocation of a function',
  lambdaGigabyteSecond: 'a gigabyte-second of a function, arm64',
  stateTransition: 'a transition of a state machine',
  s3Write: 'a PUT, POST, or LIST',
  s3Read: 'a GET or HEAD',
  s3GigabyteMonth: 'a gigabyte in S3, for a month',
  sqsRequest: 'a request to a queue',
  event: 'an event on a bus, and an event of a bucket',
  secretCall: 'a read of a secret',
  secretMonth: 'a secret, for a month',
  logGigabyte: 'a gigabyte of logs',
  trace: 'a trace',
  metricMonth: 'a custom metric, for a month',
  alarmMonth: 'an alarm, for a month',
  dashboardMonth: 'a dashboard, for a month; three are free',
};

export function costsPage({ benches }: Figures): string {
  const { rows = [], date = 'never' } = benches['cost'] ?? {};
  const bill = (of: string, scale: number) => {
    const items = rows.filter((row) => row['of'] === of);
    const all = items.reduce((sum, { dollars }) => sum + Number(dollars), 0);
    return [...items, { item: '**in total**', dollars: all }].map(({ item = '', dollars }) => ({
      item,
      dollars: (scale * Number(dollars)).toFixed(3),
    })) as Row[];
  };
  const table = (of: string, scale: number, unit: string) =>
    markdownTable(bill(of, scale), { item: 'Item', dollars: unit });
  const prices = Object.entries(PRICE_NAMES).map(([name, item]) => {
    return { item, dollars: String(PRICES[name as keyof typeof PRICE_NAMES]) };
  });
  return `# Costs

What AWS bills, by list prices in us-east-1, in US dollars, without free tiers. The command
\`npm run bench -- cost --write\` plays the whole product in the simulation, and counts what would be billed (${date}).

- Scenario's own price is on top, and is by far the larger part: a model with the default parameters costs about
  ${SCENARIO_CU} compute units.
- Transfer to the internet isn't included: $0.09 for each gigabyte that somebody downloads.

## A model

Its job takes 180 s, and nothing else happens at the time.

${table('a model', 1_000, 'US dollars for 1,000 models')}

Functions count with the time of their calls. What they compute in between is small. X-Ray records every trace while
there is no more than one a second.

In a burst of 1,000 images, while Scenario allows 20 jobs at once, SubmitJob waits for slots:

${table('a model in a burst', 1_000, 'US dollars for 1,000 models')}

Its renditions, if half of the models take less than 7.5 s:

${table('its renditions', 1_000, 'US dollars for 1,000 models')}

## An idle month

${table('an idle month', 1, 'US dollars')}

With ten million objects in the upload bucket, the sweep costs about 80 cents more: it lists at most 200 pages an hour.

## Months with models

${[100, 10_000, 1_000_000].map((models) => `### ${models.toLocaleString('en')} models\n\n${table(`${models} models a month`, 1, 'US dollars')}`).join('\n\n')}

## Prices

Read on or before ${PRICES.date}.

${markdownTable(prices, { item: 'For', dollars: 'US dollars' })}
`;
}
