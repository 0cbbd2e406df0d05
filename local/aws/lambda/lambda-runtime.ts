import { flushCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { toError } from '../../../functions/platform/errors.ts';

/**
 * Runs inside the process of a function. Loads the bundle, then handles one invocation at a time, as the Lambda runtime
 * does. `lambda-host.ts` starts it with the path of the bundle and the name of the handler's export as arguments.
 */

/** One event for the function. */
export interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** The result of an invocation. `errorType` is the name of the error, which the state machine matches on. */
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

const handlerSchema = z.custom<Handler>((value) => typeof value === 'function', 'is not a function');

async function load(): Promise<Handler> {
  const [file = '', name = ''] = process.argv.slice(2);
  const bundle: unknown = await import(pathToFileURL(file).href);
  return z.object({ [name]: handlerSchema }).parse(bundle)[name] as Handler;
}

// Load the bundle now, so that the first invocation finds it ready. If loading fails, every invocation reports the
// failure.
const loaded = load();
// Write the compile cache now. Node.js would write it at exit, but this process ends by being killed.
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
// The parent process is gone, as in a crash, so this process must stop too.
process.on('disconnect', () => process.exit(1));
// Ctrl-C signals the whole process group. The parent decides what to do.
process.on('SIGINT', () => undefined);
