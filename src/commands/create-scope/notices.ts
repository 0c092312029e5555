import type { Context } from '../../cli/command.ts';
import { isRestrictedAgain } from '../../plan/access.ts';
import { missingScopes } from '../../plan/missing-scopes.ts';
import type { Plan, Reservation } from '../../plan/plan.ts';
import { roleLabel } from '../../realm/access.ts';
import {
  foreignAudience,
  isAudienceScope,
  nameScopeOf,
  nearResources,
  resourceOf,
} from '../../realm/mcp-scope.ts';
import { scopeNamed } from '../../realm/snapshot.ts';
import { formatCommand, listNames, visible } from '../../text.ts';
import type { CreateScopeOptions } from './command.ts';
import type { WantedServer } from './wanted-server.ts';

/** Taking over another server's scope, which only a person may decide. */
export function takeoverReservations(
  { scope, scopes: { named }, resource }: WantedServer,
  flags: CreateScopeOptions,
  plan: Plan,
): Reservation[] {
  const foreign = named && foreignAudience(named, resource);
  const replaced = plan.some(({ kind }) => kind === 'audience-mapper');
  if (flags.replaceAudience !== true || foreign === undefined || !replaced) return [];
  return [
    {
      message: `The scope '${scope}' carries the audience ${foreign}. Its clients lose that and get ${resource}.`,
    },
  ];
}

/** Reports which other scopes are for this very server: clients may hold the one or the other. */
export function warnOfTwins({ voice }: Context, { scope, resource, snapshot }: WantedServer): void {
  const twins = snapshot.scopes.filter(
    (one) =>
      one.name !== scope &&
      nameScopeOf(one) !== scope &&
      isAudienceScope(one) &&
      resourceOf(one) === resource,
  );
  for (const { name } of twins) {
    voice.warn(
      `The scope '${visible(name)}' is for ${visible(resource)} as well: clients may hold the one or the other.`,
    );
  }
}

/** Reports which of the scopes that a product asks for this realm doesn't offer: its sign-in would be refused. */
export function warnOfScopes({ voice }: Context, { presets, snapshot }: WantedServer): void {
  for (const note of missingScopes({ presets }, snapshot)) voice.warn(note);
}

/** Names MCP servers of this realm that are spelled nearly like a new one: a slip would make a scope that nobody needs. */
export function warnOfNearResources(context: Context, { scope, resource, snapshot }: WantedServer): void {
  if (scopeNamed(snapshot, scope) !== undefined) return;
  const near = nearResources(resource, snapshot);
  if (near.length === 0) return;
  context.voice.warn(
    `This realm has a scope for ${listNames(near)}, which is spelled nearly like ${resource}. A token for one is refused at the other: make sure that this is another MCP server.`,
  );
}

/** Reports that a scope which was made anew, or lost its roles, is bound to them again: the record knows of them. */
export function warnOfRestriction(context: Context, mcpServer: WantedServer): void {
  const { resource, facts, access } = mcpServer;
  if (!isRestrictedAgain(mcpServer, facts)) return;
  const roles = listNames((access.gates ?? []).map(roleLabel)) || 'none';
  context.voice.warn(
    `mcpkc restricted ${visible(resource)} (roles: ${roles}), and nothing in the realm does any more: it is restricted again. To open it to everybody:\n${formatCommand(['access', resource, '--anybody'])}`,
  );
}
