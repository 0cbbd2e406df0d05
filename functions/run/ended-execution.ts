import * as z from 'zod';

const statusChange = z.object({
  detail: z.object({
    executionArn: z.string(),
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

/** An execution that ended without a stored model. It is named after its run. */
export type EndedExecution = z.infer<typeof statusChange>['detail'];

/**
 * The execution in a queue message's body: EventBridge's envelope around the status change of Step Functions.
 *
 * @throws Error when the body is anything else
 */
export function endedExecutionIn(body: string): EndedExecution {
  return statusChange.parse(JSON.parse(body)).detail;
}

/** Makes a message that reports the end again. */
export function endedExecutionMessage(detail: EndedExecution): string {
  return JSON.stringify({
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    detail,
  });
}
