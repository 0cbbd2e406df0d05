import * as z from 'zod';
import type { Synthesized } from '../infra/synthesized.ts';

const catcher = z.strictObject({
  ErrorEquals: z.array(z.string()),
  Next: z.string(),
  ResultPath: z.string().nullable().optional(),
});
const retrier = z.strictObject({
  ErrorEquals: z.array(z.string()),
  IntervalSeconds: z.number().optional(),
  BackoffRate: z.number().optional(),
  MaxAttempts: z.number(),
  MaxDelaySeconds: z.number().optional(),
  JitterStrategy: z.string().optional(),
});
const stateShape = z.object({
  Type: z.string(),
  Next: z.string().optional(),
  Resource: z.string().optional(),
  Parameters: z.record(z.string(), z.string()).optional(),
  ResultPath: z.string().optional(),
  OutputPath: z.string().optional(),
  TimeoutSeconds: z.number().optional(),
  Retry: z.array(retrier).default([]),
  Catch: z.array(catcher).default([]),
});
const definitionShape = z.object({
  StartAt: z.string(),
  TimeoutSeconds: z.number(),
  States: z.record(z.string(), stateShape),
});

export type MachineState = z.infer<typeof stateShape>;

/** The machine as Step Functions gets it: its text, with the ARNs that a deploy would fill in. */
export function definitionText(template: Synthesized): string {
  const { DefinitionString } = template.properties('AWS::StepFunctions::StateMachine', 'Generation/StateMachine');
  return z
    .string()
    .parse(DefinitionString)
    .replaceAll(/"(\w+)\.Arn"/g, '"arn:aws:lambda:us-east-1:111122223333:function:$1"');
}

export function statesIn(text: string): Readonly<Record<string, MachineState>> {
  return definitionShape.parse(JSON.parse(text)).States;
}

export function stateIn(text: string, name: string): MachineState {
  const state = statesIn(text)[name];
  if (!state) throw new Error(`the machine has no state ${name}`);
  return state;
}

export function machineTimeoutSeconds(text: string): number {
  return definitionShape.parse(JSON.parse(text)).TimeoutSeconds;
}
