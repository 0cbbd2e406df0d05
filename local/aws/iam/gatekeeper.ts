import type { IncomingRequest } from '../s3/http/request.ts';
import type { Guard } from '../s3/handler.ts';
import type { Template } from '../template.ts';
import { type Access, existenceAccess, jsonAccess, type S3Call, s3Access } from './access.ts';
import { denial, grantOf } from './authorize.ts';
import type { Statement } from './statements.ts';

/**
 * Called with each permission that a function needs, and with the pattern of a resource by which its role has it.
 * Without a pattern, the call is denied.
 */
export type OnAccess = (functionName: string, access: Access, grant: string | undefined) => void;

/** Enforces the policies of the template for the calls of its functions, as IAM does. Other callers may do anything. */
export interface Gatekeeper {
  /** Why a call of an AWS JSON protocol is denied. Undefined if it is allowed. */
  json(functionName: string, target: string, input: unknown): string | undefined;
  /** Why a request of S3 is denied. Undefined if it is allowed. */
  s3(functionName: string, request: IncomingRequest): string | undefined;
  /** Why a caller must not learn that an object does not exist. Undefined if it may. */
  absence(functionName: string, request: IncomingRequest): string | undefined;
}

export function createGatekeeper({ functions }: Template, onAccess: OnAccess = () => undefined): Gatekeeper {
  const statements = new Map<string, readonly Statement[]>(functions.map(({ name, statements: own }) => [name, own]));

  function decide(functionName: string, accesses: readonly (Access | undefined)[]): string | undefined {
    const own = statements.get(functionName);
    if (own === undefined) return undefined;
    for (const access of accesses.filter((one) => one !== undefined)) {
      const grant = grantOf(own, access);
      onAccess(functionName, access, grant);
      if (grant === undefined) return denial(functionName, access);
    }
    return undefined;
  }

  return {
    json: (functionName, target, input) => decide(functionName, jsonAccess(target, input)),
    s3: (functionName, request) => decide(functionName, [s3Access(s3CallIn(request))]),
    absence: (functionName, request) => {
      const call = s3CallIn(request);
      return call.key === '' ? undefined : decide(functionName, [existenceAccess(call)]);
    },
  };
}

/** The guard of one function's requests of S3. */
export function guardOf(gatekeeper: Gatekeeper, functionName: string): Guard {
  return {
    request: (request) => gatekeeper.s3(functionName, request),
    absence: (request) => gatekeeper.absence(functionName, request),
  };
}

function s3CallIn({ method = '', url = '', headers }: IncomingRequest): S3Call {
  const [path = '', search = ''] = url.split('?');
  const [, bucket = '', ...key] = path.split('/');
  const query = new URLSearchParams(search);
  return {
    method,
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(key.join('/')),
    query,
    isCopy: headers['x-amz-copy-source'] !== undefined,
  };
}
