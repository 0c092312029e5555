import { inputError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readPublicFace } from '../keycloak/read/issuer-metadata.ts';
import { foreseeScopes } from '../products/foresee.ts';
import type { Preset } from '../products/preset.ts';
import { isAudienceScope, nameScopeOf, resourceOf } from '../realm/mcp-scope.ts';
import { beforeOf, type RealmRecord, wroteOf } from '../realm/record.ts';
import { allowedScopesOf } from '../realm/registration-policies.ts';
import { type ClientScope, POLICY } from '../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot, scopeNamed } from '../realm/snapshot.ts';
import { formatCommand, listNames, typedList, visible } from '../text.ts';
import type { DesiredScope } from './desired.ts';

/**
 * Name of the attribute by which the issuer’s metadata lists a client scope; listed where it is absent (Keycloak 26.4
 * to 26.7).
 */
const ADVERTISED = 'include.in.openid.provider.metadata';

/** Scopes that the issuer advertises and no new client may have, and the products that this stops. */
export interface Offer {
  scopes: string[];
  /** Titles of the products. */
  products: string[];
  /** The command that removes them from the metadata. */
  command: string;
}

/** The issuer whose metadata is read, and the registrations that the realm will allow once the plan is done. */
export interface Offering {
  keycloak: Keycloak;
  issuer: string | undefined;
  snapshot: RealmSnapshot;
  presets: readonly Preset[];
  resource: string;
  scope: string;
}

/**
 * An offer beside the plan: to hide scopes that are refused, and that products ask for because they are advertised. One
 * request, without a token; undefined where nothing stops these products.
 */
export async function offerToHide(offering: Offering): Promise<Offer | undefined> {
  const { keycloak, issuer, snapshot, presets, resource, scope } = offering;
  const face = await readPublicFace(keycloak, issuer);
  const advertised = (face.atIssuer ?? face.atKeycloak)?.scopes ?? [];
  const own = snapshot.scopes.filter(isMcpScope).map(({ name }) => name);
  const doors = {
    defaults: [...snapshot.defaultScopes, scope],
    optionals: snapshot.optionalScopes,
    advertised,
    allowed: anonymousPolicies(snapshot, POLICY.allowedScopes).map((policy) => {
      return { scopes: ['openid', ...allowedScopesOf(policy).scopes], defaults: true };
    }),
  };
  const stopped = presets.flatMap((preset) => {
    const named = foreseeScopes(preset, doors, { challenge: scope, metadata: [scope] });
    const silent = foreseeScopes(preset, doors, {});
    const scopes = [...(named?.scopes ?? []), ...(silent?.scopes ?? [])].filter(
      (name) => advertised.includes(name) && ![scope, 'openid', ...own].includes(name),
    );
    return scopes.length === 0 ? [] : [{ preset, scopes }];
  });
  if (stopped.length === 0) return undefined;
  const scopes = [...new Set(stopped.flatMap((one) => one.scopes))].sort();
  const flag = ['--hide-scope', typedList(scopes)] as const;
  const command = formatCommand(['create-scope', ['--resource', resource], ['--scope', scope], flag]);
  return { scopes, products: stopped.map(({ preset }) => preset.title), command };
}

/** An offer in words, for people; `when` is the end of its last sentence. */
export function offerSentence({ scopes, products, command }: Offer, when = ''): string {
  return `The issuer advertises ${listNames(scopes)}, which no new client may have: ${products.join(', ')} may ask for it, and is refused then. To take it out of the metadata${when}:\n${command}`;
}

const isMcpScope = (one: ClientScope) => isAudienceScope(one) || nameScopeOf(one) !== undefined;

/**
 * The scopes that are named (`--hide-scope`), hidden from the issuer’s metadata. Refuses (INPUT_INVALID) one that isn't
 * there, and an MCP server’s: products that ask for advertised scopes find it there.
 */
export function hideFromMetadata(names: readonly string[], snapshot: RealmSnapshot): DesiredScope[] {
  return names.map((name) => {
    const found = scopeNamed(snapshot, name);
    if (!found) {
      throw inputError(
        '--hide-scope',
        `there is no client scope '${visible(name)}' in realm '${visible(snapshot.realm)}'`,
        'See the issuer’s scopes_supported: mcpkc status names those that stop products.',
      );
    }
    if (isMcpScope(found)) {
      const whose = resourceOf(found);
      throw inputError(
        '--hide-scope',
        `'${visible(name)}' is the scope of ${whose === undefined ? 'an MCP server' : `the MCP server ${visible(whose)}`}, which products find in the metadata`,
        'Where only adopted clients should have it: mcpkc create-scope --attach none for that server.',
      );
    }
    return {
      name,
      attributes: { [ADVERTISED]: 'false' },
      description: '',
      why: 'because of --hide-scope: products that ask for all that is advertised ask for it no more',
    };
  });
}

/** Scopes of others that mcpkc removed from the metadata and that are still out of it, as they were before. */
export function advertisedBack(snapshot: RealmSnapshot, record: RealmRecord): DesiredScope[] {
  return snapshot.scopes
    .filter((one) => !isMcpScope(one))
    .flatMap(({ name, attributes }): DesiredScope[] => {
      const before = beforeOf(record, 'client-scope', name)?.value as
        | { attributes?: Record<string, string | null> }
        | null
        | undefined;
      const wrote = (wroteOf(record, 'client-scope', name).attributes ?? {}) as Record<string, unknown>;
      if (!before || wrote[ADVERTISED] !== 'false' || attributes[ADVERTISED] !== 'false') return [];
      const was = before.attributes?.[ADVERTISED] ?? null;
      const why = 'as it was before mcpkc changed it';
      return [{ name, attributes: { [ADVERTISED]: was }, description: '', why }];
    });
}
