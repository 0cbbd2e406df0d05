import * as z from 'zod';
import { ServiceError } from '../service-error.ts';

export const executionSchema = z.object({
  name: z.string(),
  executionArn: z.string(),
  stateMachineArn: z.string(),
  input: z.string(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  /** Milliseconds since 1970. */
  startDate: z.number(),
  stopDate: z.number().optional(),
  output: z.string().optional(),
  error: z.string().optional(),
  cause: z.string().optional(),
  redriveCount: z.number().default(0),
  redriveDate: z.number().optional(),
  /** Identifies a repeated call of RedriveExecution. */
  redriveToken: z.string().optional(),
  /** The state in which the execution failed, and its input as JSON. A redrive continues there. */
  place: z.object({ state: z.string(), input: z.string() }).optional(),
  /** Whether the event about its end was sent on the default bus. */
  announced: z.boolean(),
});

export type Execution = z.infer<typeof executionSchema>;

/** Returns the fields of an execution that API calls show. */
export function toldOf({ announced: _, redriveToken: _token, place: _place, ...execution }: Execution) {
  return execution;
}

/** A name stays in use for 90 days after the end of its execution. */
const NAME_TAKEN_MS = 90 * 24 * 3_600_000;

export function isNameTaken({ stopDate }: Execution, now: number): boolean {
  return stopDate === undefined || now - stopDate < NAME_TAKEN_MS;
}

/** An execution can be redriven for 14 days after its end. */
const REDRIVABLE_MS = 14 * 24 * 3_600_000;

/**
 * Returns why RedriveExecution would refuse the execution, in the words of AWS, or undefined if it would not.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
 */
export function whyNotRedrivable({ status, stopDate }: Execution, now: number): string | undefined {
  if (status === 'RUNNING' || status === 'SUCCEEDED') return `Execution is ${status} and cannot be redriven`;
  if (now - (stopDate ?? now) >= REDRIVABLE_MS) return 'Execution redrivable period exceeded';
  return undefined;
}

/** @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
const FORBIDDEN_IN_NAME = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;

/** @throws ServiceError InvalidName or InvalidExecutionInput */
export function requireStartable(name: string, input: string): void {
  if (name.length === 0 || name.length > 80 || FORBIDDEN_IN_NAME.test(name))
    throw new ServiceError('InvalidName', `Invalid Name: '${name}'`);
  try {
    JSON.parse(input);
  } catch {
    throw new ServiceError('InvalidExecutionInput', 'Invalid State Machine Execution Input: it is not JSON');
  }
}
