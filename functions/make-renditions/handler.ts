import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '../platform/clock.ts';
import { readEnv } from '../platform/env.ts';
import { instrument } from '../platform/observability.ts';
import { createMake } from './make-in-thread.ts';
import { createMakeRenditions, MAKE_RENDITIONS_ENV } from './make-renditions.ts';

const clients = { s3: new S3Client(), events: new EventBridgeClient(), make: createMake(systemClock) };

export const handler = instrument(createMakeRenditions(readEnv(MAKE_RENDITIONS_ENV), clients, systemClock));
