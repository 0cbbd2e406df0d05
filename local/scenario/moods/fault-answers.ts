import { type ApiAnswer, markup, Refusal, type Reply, xmlError } from '../answer.ts';
import { redirected } from '../files/cdn.ts';
import type { FaultOf } from './faults.ts';
import { withoutJobId } from '../jobs/generate.ts';
import type { StandInOptions } from './options.ts';
import {
  brokenReply,
  ceilingRefusal,
  cooldownRefusal,
  creditsRefusal,
  credentialsRefusal,
  planRefusal,
  rateRefusal,
} from './refusals.ts';

/** The connection closes without a response. */
const CUT = { cut: 'before' } as const;

/**
 * Returns the answer that replaces the operation.
 *
 * @param here another path of the same file, for a redirect without a target
 * @throws Refusal if the fault is a refusal
 */
export function answerBefore(fault: FaultOf<'before'>, options: StandInOptions, here: string): ApiAnswer {
  switch (fault.what) {
    case 'cut-before':
      return CUT;
    case 'hang-before':
      return { hangSeconds: fault.seconds, next: CUT };
    case 'server-error':
      return brokenReply(fault.status, fault.as);
    case 'expired':
      return xmlError(403, 'AccessDenied', 'Request has expired');
    case 'wrong-bytes':
      return markup(200, 'html', '<!doctype html><title>Maintenance</title><p>We will be back soon.</p>');
    case 'redirect':
      return redirected(fault.to ?? here);
    case 'answer':
      return { status: fault.status, headers: fault.headers, body: Buffer.from(fault.body) };
    case 'ceiling':
      throw ceilingRefusal(fault.actionLimit, fault.retryAfterSeconds);
    case 'cooldown':
      throw cooldownRefusal(
        fault.remainingSeconds,
        { ...options, cooldownFieldIn: fault.remainingIn },
        fault.retryAfterSeconds,
      );
    case 'too-many-requests':
      throw rateRefusal(fault.retryAfterSeconds);
    case 'unauthorized':
      throw credentialsRefusal();
    case 'out-of-credits':
      throw creditsRefusal(options);
    case 'plan-too-small':
      throw planRefusal();
    case 'bad-request':
      throw new Refusal(400, fault.reason);
    case 'unprocessable':
      throw new Refusal(422, 'Unprocessable entity');
    case 'too-large':
      throw new Refusal(413, 'Request Too Long', { isGateway: true });
    case 'not-found':
      throw new Refusal(404, 'Not found');
  }
}

/** Returns the changed answer of an operation that has succeeded. */
export function answerAfter(fault: FaultOf<'after'>, reply: Reply): ApiAnswer {
  switch (fault.what) {
    case 'lost-cut':
      return CUT;
    case 'lost-502':
      return brokenReply(502, 'html');
    case 'lost-504':
      return brokenReply(504, 'html');
    case 'lost-hang':
      return { hangSeconds: fault.seconds, next: CUT };
    case 'slow':
      return { hangSeconds: fault.seconds, next: reply };
    case 'garbage':
      return markup(reply.status, 'html', '<!doctype html><p>OK');
    case 'no-job-id':
      return withoutJobId();
    case 'truncated': {
      const length = Number(reply.headers['content-length'] ?? 2);
      return { ...reply, cutAtByte: fault.atByte ?? Math.floor(length / 2) };
    }
  }
}
