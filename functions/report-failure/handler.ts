import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { systemClock } from '../platform/clock.ts';
import { readEnv } from '../platform/env.ts';
import { instrument } from '../platform/observability.ts';
import { createReportFailure, REPORT_FAILURE_ENV } from './report-failure.ts';

const clients = { s3: new S3Client(), events: new EventBridgeClient(), sfn: new SFNClient() };

export const handler = instrument(createReportFailure(readEnv(REPORT_FAILURE_ENV), clients, systemClock));
