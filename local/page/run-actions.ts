import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { createOperatorTools, type OperatorTools } from '../../operator/operator-tools.ts';
import type { Done } from '../../operator/operate.ts';
import { redriveRun } from '../../operator/redrive-run.ts';
import { parseJson } from '../../functions/platform/json.ts';
import { republish } from '../../functions/run/conclude.ts';
import { runIdOf } from '../../functions/run/upload.ts';
import { BadCallError } from './bad-call.ts';
import type { PageCall } from './page.ts';
import type { PageTools } from './page-tools.ts';
import { uploadOf } from './run-details.ts';

const againSchema = z.strictObject({ metadata: z.record(z.string(), z.string()).optional() });

/** Does what the hint of a run says: uploads the picture again, fetches what is paid for, or announces the result. */
export async function actOnRun(
  call: PageCall,
  tools: PageTools,
): Promise<{ readonly runId: string; readonly sentence: string }> {
  const [runId = '', action] = call.names;
  if (action === 'again') return await uploadAgain(runId, await text(call.request), tools);
  const operator = operatorTools(tools);
  const standing = await operator.records.read(runId);
  if (!standing) throw new BadCallError(`there is no record of the run ${runId}`, 404);
  const { done, sentence } =
    action === 'redrive' ? await redriveRun(standing.record, operator) : await announce(runId, operator);
  if (!done) throw new BadCallError(sentence, 409);
  return { runId, sentence };
}

async function announce(runId: string, operator: OperatorTools): Promise<Done> {
  const record = await republish(runId, operator);
  if (!record) return { done: false, sentence: `the run ${runId} has not ended, so there is nothing to announce yet` };
  return { done: true, sentence: `announced the result of ${runId} again` };
}

/** Puts the same bytes into the bucket again, which makes a new run. */
async function uploadAgain(runId: string, body: string, tools: PageTools) {
  const asked = againSchema.safeParse(body === '' ? {} : parseJson(body));
  if (!asked.success) throw new BadCallError('the body must be JSON: { "metadata": { "tripo-quad": "true" } }');
  const { store } = tools.meshdrop;
  const { bucket, key, versionId } = uploadOf(runId, tools);
  const { object, body: bytes } = store.get(bucket, key, { versionId });
  const metadata = asked.data.metadata ?? object.metadata ?? {};
  const fresh = await store.put(bucket, key, bytes, { metadata });
  return { runId: runIdOf({ bucket, key, versionId: fresh.versionId }), sentence: `${key} is uploaded again` };
}

/** The page acts as a person with the operator's commands does. */
function operatorTools({ template, endpoint, token }: PageTools): OperatorTools {
  const { outputs } = template;
  const named = (name: string) => outputs[name] ?? '';
  return createOperatorTools({
    name: 'this Meshdrop',
    region: 'us-east-1',
    endpoint,
    token,
    outputs: {
      UploadBucketName: named('UploadBucketName'),
      AssetBucketName: named('AssetBucketName'),
      EventBusName: named('EventBusName'),
      StateMachineArn: named('StateMachineArn'),
      UploadsQueueUrl: named('UploadsQueueUrl'),
    },
  });
}
