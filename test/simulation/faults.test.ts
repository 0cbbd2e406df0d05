import { describe, expect, it } from 'vitest';
import { type Case, faultCases, pairCases, problemOf } from './campaign/campaign-cases.ts';
import { told } from './campaign/history.ts';
import { usageOf } from './world/accesses.ts';
import { openStack } from './world/stack.ts';

const SEED = 1;

/** Plays the case and returns the broken promise with its story, or an empty string. */
async function brokenIn(one: Case): Promise<string> {
  const ended = await one.play();
  const problem = problemOf(one, ended);
  return problem === undefined ? '' : told({ ...ended, problem }, one.name);
}

describe('an upload gets one result and at most one payment with', () => {
  it.each(faultCases(SEED))('$name', async (one) => {
    expect(await brokenIn(one)).toBe('');
  });
});

/** What no history of this file needs, and what does. */
const RARE: Readonly<Record<string, string>> = {
  'StoreAssets: s3:PutObject on arn:aws:s3:::meshdrop-assets/control/jobs.json': 'a 429 while files are copied',
  'StoreAssets: s3:AbortMultipartUpload on arn:aws:s3:::meshdrop-assets/models/*': 'a large file that breaks off',
  'SubmitJob: s3:ListBucket on arn:aws:s3:::meshdrop-uploads':
    'an upload that is deleted before its turn: 404, not 403',
  'SubmitJob: s3:GetObject on arn:aws:s3:::meshdrop-uploads/*': 'an upload bucket without versioning',
  'SubmitJob: s3:GetObjectVersion on arn:aws:s3:::meshdrop-assets/models/*': 'a picture whose model may be gone',
  'ReportFailure: s3:GetObject on arn:aws:s3:::meshdrop-assets/results/*':
    'a model that is stored, but whose execution was stopped before it was announced',
  'ReportFailure: s3:PutObject on arn:aws:s3:::meshdrop-assets/results/*': 'the same',
  'ReportFailure: states:DescribeExecution on arn:aws:states:us-east-1:000000000000:execution:Generation-StateMachine:*':
    'an execution that failed with an error',
  'Sweep: sqs:SendMessage on arn:aws:sqs:us-east-1:000000000000:FailureReports-Queue': 'a dead report',
  'Sweep: sqs:DeleteMessage on arn:aws:sqs:us-east-1:000000000000:FailureReports-DeadLetters': 'a dead report',
  'Sweep: sqs:DeleteMessage on arn:aws:sqs:us-east-1:000000000000:Uploads-DeadLetters': 'a dead upload',
  'MakeRenditions: s3:PutObject on arn:aws:s3:::meshdrop-assets/models/*.plain.glb':
    'the setting renditions with plain',
};

it('a function needs everything that its policies allow, and has everything that it needs', async () => {
  const { needed, allowed, unused } = usageOf(await openStack());

  console.log(`${needed} permissions were needed, of ${allowed} that the policies allow`);
  // Other files, which this process may have played before, need some of the rare ones.
  expect(unused.filter((one) => !(one in RARE))).toEqual([]);
});

/** All pairs take minutes. The campaign plays them. */
const EVERY = 251;

describe('an upload gets one result and at most one payment with both', () => {
  it.each(pairCases(SEED).filter((_, n) => n % EVERY === 0))('$name', async (one) => {
    expect(await brokenIn(one)).toBe('');
  });
});
