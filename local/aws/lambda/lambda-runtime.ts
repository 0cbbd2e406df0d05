import { flushCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { toError } from '../../../functions/platform/errors.ts';

/**
 * The inside of a function's process: loads the bundle, then handles one invocation after the other, as Lambda's own
 * runtime does. Started by lambda-host.ts with the path of the bundle and the handler's export as arguments.
 */

/** One event for the function. */
export interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** What became of it. `errorType` is the error's own name, which the state machine matches on. */
export type InvocationResult =
  | { readonly requestId: string; readonly result: unknown }
  | {
      readonly requestId: string;
      readonly error: {
        readonly errorType: string;
        readonly errorMessage: string;
        readonly trace: readonly string[];
      };
    };

type Handler = (event: unknown, context: object) => Promise<unknown>;

const handlerSchema = z.custom<Handler>((value) => typeof value === 'function', 'is no function');

async function load(): Promise<Handler> {
  const [file = '', name = ''] = process.argv.slice(2);
  const bundle: unknown = await import(pathToFileURL(file).href);
  return z.object({ [name]: handlerSchema }).parse(bundle)[name] as Handler;
}

// Loaded at once, so that the first invocation finds it ready; a failure is told by every invocation.
const loaded = load();
// What was compiled is kept now: Node would do it at the end, and this process will be killed.
loaded.then(() => flushCompileCache()).catch(() => undefined);

async function handle({ requestId, event, deadline }: Invocation): Promise<InvocationResult> {
  const context = {
    awsRequestId: requestId,
    functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: '$LATEST',
    invokedFunctionArn: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    logStreamName: String(process.pid),
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const handler = await loaded;
    return { requestId, result: (await handler(event, context)) ?? null };
  } catch (error) {
    const { name, message, stack } = toError(error);
    return { requestId, error: { errorType: name, errorMessage: message, trace: stack?.split('\n') ?? [] } };
  }
}

process.on('message', (invocation: Invocation) => {
  void handle(invocation).then((result) => process.send?.(result));
});
// Whoever started this process is gone, as in a crash: nothing may go on.
process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole group: the parent decides what it means.
process.on('SIGINT', () => undefined);
