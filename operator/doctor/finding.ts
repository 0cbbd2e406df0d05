import { toError } from '../../functions/platform/errors.ts';

/** What a check found. */
export interface Finding {
  /** A short name for programs: `credentials`. */
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly message: string;
  /** What to do. Null if there is nothing to do. */
  readonly fix: string | null;
}

/** What a check says, without its name. */
export type Result = Omit<Finding, 'check'>;

export function ok(message: string): Result {
  return { status: 'ok', message, fix: null };
}

export function warning(message: string, fix: string): Result {
  return { status: 'warning', message, fix };
}

export function problem(message: string, fix: string): Result {
  return { status: 'problem', message, fix };
}

export function skipped(message: string): Result {
  return { status: 'skipped', message, fix: null };
}

/** Performs a check. If it cannot be performed, that is a finding, too, and the other checks go on. */
export async function find(
  check: string,
  look: () => Promise<Result> | Result,
  onError: (error: Error) => Result = cannotCheck,
): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    return { check, ...onError(toError(error)) };
  }
}

function cannotCheck({ name, message }: Error): Result {
  const isForbidden = /AccessDenied|Forbidden|NotAuthorized/.test(name);
  const fix = isForbidden ? 'allow this action for your credentials: docs/operations.md lists them' : 'try again later';
  return warning(`cannot be checked: ${name}: ${message}`, fix);
}
