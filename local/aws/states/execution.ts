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
  /** By which a repeated call of RedriveExecution is recognized. */
  redriveToken: z.string().optional(),
  /** Where it ended without success, and where a redrive goes on: a state, and what came in, as JSON. */
  place: z.object({ state: z.string(), input: z.string() }).optional(),
  /** Whether its end was announced on the default bus. */
  announced: z.boolean(),
});

export type Execution = z.infer<typeof executionSchema>;

/** What others are told of an execution. */
export function toldOf({ announced: _, redriveToken: _token, place: _place, ...execution }: Execution) {
  return execution;
}

/** Names are taken for 90 days after an execution's end. */
const NAME_TAKEN_MS = 90 * 24 * 3_600_000;

export function isNameTaken({ stopDate }: Execution, now: number): boolean {
  return stopDate === undefined || now - stopDate < NAME_TAKEN_MS;
}

/** So long after its end an execution can be redriven. */
const REDRIVABLE_MS = 14 * 24 * 3_600_000;

/**
 * Why RedriveExecution would refuse it, in the words of AWS. Undefined if it would not.
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
