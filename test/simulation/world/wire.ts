import type { Clock } from '../../../local/aws/clock.ts';
import type { Invocation } from './invocation.ts';
import { between, type Random } from './random.ts';
import type { Story } from './story.ts';
import type { WireFault } from './wire-faults.ts';

/** A call of a function, as a fault plan sees it. */
export interface WireCall {
  /** The number of the call in the history, counted from 1. */
  readonly number: number;
  /** `SubmitJob` */
  readonly by: string;
  /** `S3 PutObject runs/…`, `POST /generate/custom/…` */
  readonly name: string;
  /** Seconds since the start of the history. */
  readonly atSeconds: number;
}

/** Decides which fault a call has. Called once per call. */
export type WirePlan = (call: WireCall) => WireFault | undefined;

export interface Request<Answer> {
  readonly name: string;
  readonly effect: () => Promise<Answer>;
  /** Creates the error answer of the service. */
  readonly trouble: (status: number, code: string) => Answer;
}

/** The call got no answer. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code: 'ECONNREFUSED' | 'ECONNRESET';

  constructor(code: 'ECONNREFUSED' | 'ECONNRESET') {
    super(code);
    this.code = code;
  }
}

/** Carries all calls of the functions. */
export interface Wire {
  /** @throws ConnectionError. Settles only while the invocation lives. */
  send<Answer>(by: Invocation, request: Request<Answer>): Promise<Answer>;
  readonly calls: () => number;
}

interface WireTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly story: Story;
  readonly plan: WirePlan;
}

export function createWire({ clock, random, story, plan }: WireTools): Wire {
  let calls = 0;
  const start = clock.now();
  const latencyMs = () => between(5, 60, random);

  function send<Answer>(by: Invocation, { name, effect, trouble }: Request<Answer>): Promise<Answer> {
    if (!by.isAlive()) return new Promise(() => undefined);
    calls += 1;
    const fault = plan({ number: calls, by: by.functionName, name, atSeconds: (clock.now() - start) / 1000 });
    story.note(by.who, `${calls}. ${name}${fault ? `   ← ${told(fault)}` : ''}`);
    return new Promise((resolve, reject) => {
      const back = (settle: () => void, ms = latencyMs()) => {
        clock.after(ms, () => {
          if (by.isAlive()) settle();
        });
      };
      const lost = () => back(() => reject(new ConnectionError('ECONNRESET')));
      const answered = async (ms?: number) => {
        const answer = await effect();
        back(() => resolve(answer), ms);
      };
      const arrives = (happens: () => void | Promise<void>, ms = latencyMs()) => clock.after(ms, happens);
      switch (fault?.what) {
        case undefined:
          return arrives(() => answered());
        case 'slow':
          return arrives(() => answered(fault.seconds * 1000));
        case 'stalled':
          return arrives(() => answered(), fault.seconds * 1000);
        case 'crash-before':
          return arrives(() => by.die('Runtime.ExitError', `killed before ${name}`), 0);
        case 'crash-after':
          return arrives(async () => {
            await effect();
            by.die('Runtime.ExitError', `killed after ${name}`);
          });
        case 'refused':
          return back(() => reject(new ConnectionError('ECONNREFUSED')));
        case 'lost-request':
          return lost();
        case 'lost-answer':
          return arrives(async () => {
            await effect();
            lost();
          });
        case 'late-effect':
          lost();
          return arrives(async () => {
            story.note(by.who, `late effect: ${name}`);
            await effect();
          }, fault.seconds * 1000);
        case 'hang-before':
          return undefined;
        case 'hang-after':
          return arrives(async () => void (await effect()));
        case 'server-error':
          return arrives(() => back(() => resolve(trouble(500, 'InternalError'))));
        case 'server-error-after':
          return arrives(async () => {
            await effect();
            back(() => resolve(trouble(502, 'InternalError')));
          });
        case 's3-refusal':
          return arrives(() => back(() => resolve(trouble(fault.status, fault.code))));
        case 'slow-down':
          return arrives(() => back(() => resolve(trouble(503, 'SlowDown'))));
        case 'conflict':
          return arrives(() => back(() => resolve(trouble(409, 'ConditionalRequestConflict'))));
        case 'partial':
          return arrives(() => back(() => resolve(trouble(200, 'partial'))));
      }
    });
  }

  return { send, calls: () => calls };
}

function told(fault: WireFault): string {
  if (fault.what === 's3-refusal') return fault.code;
  return 'seconds' in fault ? `${fault.what} ${fault.seconds} s` : fault.what;
}

/** Returns whether this fault is possible for this call. */
export function isPossible({ what }: WireFault, { name }: Pick<WireCall, 'name'>): boolean {
  if (what === 'conflict') return /^S3 PutObject (runs|models|results|control)\/.*json$/.test(name);
  if (what === 'partial') return name.startsWith('EventBridge PutEvents');
  if (what === 's3-refusal') return name.startsWith('S3 ');
  if (what === 'slow-down') return !/^(GET|POST|PUT) /.test(name);
  return true;
}
