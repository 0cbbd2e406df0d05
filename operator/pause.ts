import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { isoDate } from '../functions/platform/clock.ts';
import { PAUSE_KEY } from '../functions/spending/spend-guard.ts';
import { DEPLOYMENT, optionsHelp, readDeploymentCall } from './command-line.ts';
import { command } from './operate.ts';

const pauseHelp = `Pauses submissions: nothing is bought anymore. Images wait, and jobs that are already paid go on and are stored.

  npx meshdrop pause ${DEPLOYMENT}

${optionsHelp}`;

/** @returns the exit code */
export async function pause(args: readonly string[]): Promise<number> {
  return await command({ name: 'pause', help: pauseHelp, read: readDeploymentCall }, args, async (_, tools) => {
    const { s3, assetBucket: Bucket, clock } = tools;
    const Body = `${JSON.stringify({ pausedAt: isoDate(clock.now()) })}\n`;
    await s3.send(new PutObjectCommand({ Bucket, Key: PAUSE_KEY, Body, ContentType: 'application/json' }));
    return { done: true, sentence: `submissions are paused; to go on, use npx meshdrop resume` };
  });
}

const resumeHelp = `Resumes submissions after a pause.

  npx meshdrop resume ${DEPLOYMENT}

${optionsHelp}`;

/** @returns the exit code */
export async function resume(args: readonly string[]): Promise<number> {
  return await command({ name: 'resume', help: resumeHelp, read: readDeploymentCall }, args, async (_, tools) => {
    await tools.s3.send(new DeleteObjectCommand({ Bucket: tools.assetBucket, Key: PAUSE_KEY }));
    return { done: true, sentence: 'submissions go on; images that waited are submitted within minutes' };
  });
}
