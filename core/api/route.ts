import { type Operation, type OperationName, operations } from './operations.ts';
import { namesOf } from '../names-of.ts';
import { type ProblemAnswer, problemOfRequest } from './problem.ts';

/** Which operation a request is for, with what stands in its path and behind it. */
export interface Route {
  readonly name: OperationName;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

const routes = namesOf(operations).map((name) => ({ name, method: operations[name].method, segments: operations[name].path.split('/') }));

/** @param target path and query, as they came. */
export function routeOf(method: string, target: string): { readonly route: Route } | { readonly refused: ProblemAnswer } {
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  const segments = decoded(path);
  const here = segments === undefined ? [] : routes.filter((route) => fits(route.segments, segments));
  if (segments === undefined || here.length === 0)
    return {
      refused: problemOfRequest(
        'NOT_FOUND',
        `there is nothing at ${JSON.stringify(path.slice(0, 200))}`,
        'see docs/api.md for the paths that there are',
      ),
    };
  const route = here.find((each) => each.method === method);
  const allow = here.map((each) => each.method).join(', ');
  if (route === undefined)
    return { refused: problemOfRequest('METHOD_NOT_ALLOWED', `this path is asked with ${allow}`, `ask with ${allow}`, { allow }) };
  const parameters = route.segments.flatMap((segment, index) =>
    segment.startsWith('{') ? [[segment.slice(1, -1), segments[index] ?? ''] as const] : [],
  );
  return {
    route: { name: route.name, parameters: Object.fromEntries(parameters), query: new URLSearchParams(at < 0 ? '' : target.slice(at + 1)) },
  };
}

/** The operation that a route leads to. */
export function operationOf({ name }: Route): Operation {
  return operations[name];
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]))
  );
}

/** Undefined where an escape is none. */
function decoded(path: string): readonly string[] | undefined {
  try {
    return path.split('/').map((segment) => decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}
