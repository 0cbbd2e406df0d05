import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import { createAnswerTools } from '../run/answer-tools.ts';
import { namingFaults } from '../platform/aws-errors.ts';
import { readEnv } from '../platform/env.ts';
import { log, observed } from '../platform/observability.ts';
import { executionIn, reportFailure } from '../run/report-failure.ts';

const env = readEnv('ASSET_BUCKET', 'EVENT_BUS_NAME');

const s3 = namingFaults(new S3Client());
const tools = { ...createAnswerTools(s3, env), sfn: namingFaults(new SFNClient()), log };

/** Hears of every execution that failed, timed out or was aborted. */
export const handler = middy<unknown, void>({ timeoutEarlyInMillis: 0 })
  .use(observed())
  .handler((event) => reportFailure(executionIn(event), tools));

export type ReportFailureEnv = typeof env;
