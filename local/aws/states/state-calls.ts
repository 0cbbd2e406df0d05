import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { account } from '../intrinsics.ts';
import { type Execution, toldOf } from './execution.ts';
import type { Machine } from './machine.ts';
import { ServiceError } from '../service-error.ts';

export interface StateTools {
  readonly machine: Machine;
}

type Call = (input: unknown, tools: StateTools) => Promise<object>;

/** @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html */
export const stateCalls: Readonly<Record<string, Call>> = {
  'AWSStepFunctions.StartExecution': startExecution,
  'AWSStepFunctions.DescribeExecution': describeExecution,
  'AWSStepFunctions.ListExecutions': listExecutions,
  'AWSStepFunctions.StopExecution': stopExecution,
  'AWSStepFunctions.RedriveExecution': redriveExecution,
  'AWSStepFunctions.DescribeStateMachine': describeStateMachine,
  'AWSStepFunctions.ListStateMachines': listStateMachines,
};

const startInput = z.object({
  stateMachineArn: z.string(),
  name: z.string(),
  input: z.string().default('{}'),
});

function requireMachine(arn: string, { machine }: StateTools): void {
  if (arn !== machine.arn) throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
}

async function startExecution(input: unknown, tools: StateTools): Promise<object> {
  const { stateMachineArn, name, input: document } = startInput.parse(input);
  requireMachine(stateMachineArn, tools);
  const { executionArn, startDate } = await tools.machine.start(name, document);
  return { executionArn, startDate: startDate / 1000 };
}

const executionInput = z.object({ executionArn: z.string() });

async function describeExecution(input: unknown, { machine }: StateTools): Promise<object> {
  const execution = machine.describe(executionInput.parse(input).executionArn);
  const why = machine.whyNotRedrivable(execution);
  return {
    ...described(execution),
    redriveStatus: why === undefined ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    ...(why !== undefined && { redriveStatusReason: why }),
  };
}

/** The protocol writes dates in seconds since 1970. */
function described(execution: Execution) {
  const { startDate, stopDate, redriveDate, ...rest } = toldOf(execution);
  return {
    ...rest,
    startDate: startDate / 1000,
    ...(stopDate !== undefined && { stopDate: stopDate / 1000 }),
    ...(redriveDate !== undefined && { redriveDate: redriveDate / 1000 }),
  };
}

const listInput = z.object({
  statusFilter: z.string().optional(),
  maxResults: z.number().int().min(1).max(1000).default(100),
  nextToken: z.string().default('0'),
});

async function listExecutions(input: unknown, { machine }: StateTools): Promise<object> {
  const { statusFilter, maxResults, nextToken } = listInput.parse(input);
  const all = machine.list().filter(({ status }) => statusFilter === undefined || status === statusFilter);
  const from = Number(nextToken);
  const executions = all.slice(from, from + maxResults).map((execution) => {
    const { input: _in, output: _out, error: _error, cause: _cause, ...summary } = described(execution);
    return summary;
  });
  return { executions, ...(from + maxResults < all.length && { nextToken: String(from + maxResults) }) };
}

const stopInput = executionInput.extend({ error: z.string().optional(), cause: z.string().optional() });

async function stopExecution(input: unknown, { machine }: StateTools): Promise<object> {
  const { executionArn, error, cause } = stopInput.parse(input);
  const { startDate, stopDate = startDate } = await machine.stop(executionArn, error, cause);
  return { stopDate: stopDate / 1000 };
}

const redriveInput = executionInput.extend({ clientToken: z.string().default(() => randomUUID()) });

async function redriveExecution(input: unknown, { machine }: StateTools): Promise<object> {
  const { executionArn, clientToken } = redriveInput.parse(input);
  const { startDate, redriveDate = startDate } = await machine.redrive(executionArn, clientToken);
  return { redriveDate: redriveDate / 1000 };
}

const machineInput = z.object({ stateMachineArn: z.string() });

async function describeStateMachine(input: unknown, tools: StateTools): Promise<object> {
  requireMachine(machineInput.parse(input).stateMachineArn, tools);
  return {
    ...listed(tools),
    status: 'ACTIVE',
    definition: tools.machine.definition,
    // The local run doesn't check permissions.
    roleArn: `arn:aws:iam::${account}:role/none`,
  };
}

async function listStateMachines(_input: unknown, tools: StateTools): Promise<object> {
  return { stateMachines: [listed(tools)] };
}

function listed({ machine: { arn, createdAt } }: StateTools) {
  const name = arn.slice(arn.lastIndexOf(':') + 1);
  return { stateMachineArn: arn, name, type: 'STANDARD', creationDate: createdAt / 1000 };
}
