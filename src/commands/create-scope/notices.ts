import type { Context, Flags } from '../../cli/command.ts';
import type { Plan, Reservation } from '../../plan/plan.ts';
import { foreignAudience, nearResources } from '../../realm/mcp-scope.ts';
import { scopeNamed } from '../../realm/snapshot.ts';
import { listNames } from '../../text.ts';
import type { Subject } from './subject.ts';

/** What about a plan only a person may decide: taking over another server's scope. */
export function reservations(
  { scope, resource, snapshot }: Subject,
  flags: Flags,
  plan: Plan,
): Reservation[] {
  const found = scopeNamed(snapshot, scope);
  const foreign = found && foreignAudience(found, resource);
  const replaced = plan.some(({ kind }) => kind === 'audience-mapper');
  if (flags.replaceAudience !== true || foreign === undefined || !replaced) return [];
  return [
    {
      message: `The scope '${scope}' carries the audience ${foreign}. Its clients lose that and get ${resource}.`,
    },
  ];
}

/** Says which of the scopes that a product asks for this realm doesn't offer: its sign-in would be refused. */
export function warnOfScopes(context: Context, { presets, snapshot }: Subject): void {
  const offered = [...snapshot.defaultScopes, ...snapshot.optionalScopes];
  for (const { title, requestedScopes } of presets) {
    const missing = requestedScopes.filter((scope) => !offered.includes(scope));
    if (missing.length === 0) continue;
    context.voice.warn(
      `${title} asks for the scopes ${missing.join(', ')}, which are neither default nor optional client scopes of this realm: its sign-in ends in invalid_scope. Add them under Realm settings or Client scopes.`,
    );
  }
}

/** Names MCP servers of this realm that are spelled nearly like a new one: a slip would make a scope that nobody needs. */
export function warnOfNearResources(context: Context, { scope, resource, snapshot }: Subject): void {
  if (scopeNamed(snapshot, scope) !== undefined) return;
  const near = nearResources(resource, snapshot);
  if (near.length === 0) return;
  context.voice.warn(
    `This realm has a scope for ${listNames(near)}, which is spelled nearly like ${resource}. A token for one is refused at the other: make sure that this is another MCP server.`,
  );
}
