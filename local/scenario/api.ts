import { type ApiAnswer, type ApiRequest, json, Refusal, type Reply } from './answer.ts';
import { isLoopback } from '../http/foreign-page.ts';
import { control } from './control.ts';
import { answerAfter, answerBefore } from './moods/fault-answers.ts';
import { type Ledger, ledgerOf } from './jobs/ledger.ts';
import type { StandInOptions } from './moods/options.ts';
import { credentialsRefusal, rateRefusal } from './moods/refusals.ts';
import { createRequestMeter, type RequestMeter } from './moods/request-meter.ts';
import { routeFor } from './routes.ts';
import { hasBegun, letters, openWorld, type World, type WorldProps } from './world.ts';

/**
 * The stand-in API without a transport. It has no timers: it computes every state from the clock when a request
 * arrives.
 */
export interface StandInApi {
  readonly handle: (request: ApiRequest) => Promise<ApiAnswer>;
  readonly ledger: () => Ledger;
  readonly options: () => StandInOptions;
  /**
   * Changes some options. null resets an option.
   *
   * @throws BadOptionError
   */
  readonly setOptions: (patch: unknown) => void;
}

/**
 * Opens the folder, or uses memory, and returns the API.
 *
 * @throws BadOptionError
 */
export async function createStandInApi(props: WorldProps): Promise<StandInApi> {
  const world = await openWorld(props);
  const meter = createRequestMeter(world.settings.options);
  // Lists only what survives a kill, so that a job in the ledger is certain to stay.
  const ledger = () => {
    const begun = world.jobs.kept().filter((job) => hasBegun(job, world.now()));
    return ledgerOf(begun, world.tally, meter.busiestWindow(), world.now());
  };
  return {
    async handle(request) {
      const host = request.headers['host'];
      if (host !== undefined && !isLoopback(host)) return json(403, { message: `not served as ${host}` });
      if (request.path.startsWith('/_control')) return control(request, world, ledger);
      try {
        return await answered(request, world, meter);
      } catch (error) {
        if (error instanceof Refusal) return refused(error, world);
        throw error;
      }
    },
    ledger,
    options: world.settings.options,
    setOptions: world.settings.change,
  };
}

async function answered(request: ApiRequest, world: World, meter: RequestMeter): Promise<ApiAnswer> {
  const { path, query, headers, body } = request;
  const isApi = path.startsWith('/v1/');
  const route = routeFor(request.method, path, query);
  const operation = route?.operation ?? 'unknown';
  world.tally.requests[operation] = (world.tally.requests[operation] ?? 0) + 1;
  const tooEarlySeconds = isApi ? meter.arrive(world.now()) : 0;

  const options = world.settings.options();
  const before = route && world.settings.faults().take('before', route.operation);
  if (before !== undefined) return answerBefore(before, options, elsewhere(request, world));
  // Count the request before the credentials are checked. The documented limit is per project, and nothing says that
  // requests with wrong credentials are exempt. The stricter reading finds more mistakes.
  if (tooEarlySeconds > 0) {
    world.tally.refusals.rate += 1;
    throw rateRefusal(options.retryAfter ? tooEarlySeconds : undefined);
  }
  if (isApi) refuseStrangers(headers['authorization'], world);
  if (route === undefined) throw gatewayRefusal('Missing Authentication Token');
  const reply = await route.run({ params: route.params, query, headers, body }, world);
  const after = isGood(reply) ? world.settings.faults().take('after', route.operation) : undefined;
  return after === undefined ? reply : answerAfter(after, reply);
}

function isGood({ status }: Reply): boolean {
  return status < 300;
}

function elsewhere({ path, query }: ApiRequest, world: World): string {
  return `${world.origin()}${path.replace('/cdn/assets/', '/cdn/moved/')}?${query.toString()}`;
}

function refuseStrangers(authorization: string | undefined, { apiKey, apiSecret }: World) {
  if (authorization === undefined) throw gatewayRefusal('User is not authorized to access this resource');
  const expected = Buffer.from(`${apiKey}:${apiSecret}`).toString('base64');
  const [scheme = '', given] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic' || given !== expected) throw credentialsRefusal();
}

/**
 * The refusal of AWS API Gateway, which is in front of the application, for an unknown route or missing credentials.
 */
function gatewayRefusal(message: string): Refusal {
  return new Refusal(403, message, {
    isGateway: true,
    headers: { 'x-amzn-errortype': 'AccessDeniedException' },
  });
}

function refused(refusal: Refusal, world: World): Reply {
  const shape = refusal.isGateway ? 'message' : world.settings.options().errorBodyShape;
  return json(refusal.status, { ...bodyOf(refusal, shape, world), ...refusal.extras }, refusal.headers);
}

function bodyOf({ message, status }: Refusal, shape: StandInOptions['errorBodyShape'], world: World) {
  if (shape === 'reason') return { reason: message, trace_id: letters(16, world.random) };
  if (shape === 'message') return { message };
  return { status: 'error', code: status === 400 ? 'INVALID_PARAMETER' : `HTTP_${status}`, message };
}
