import { PAIRWISE_MAPPER } from '../realm/registration-policies.ts';
import {
  type ClientFacts,
  grantAttributesOf,
  isCimdOf,
  isProbe,
  isSelfRegistered,
  judgeOrigin,
  presetOf,
} from './dynamic.ts';
import type { Preset } from './preset.ts';
import { matchesAny } from './redirect.ts';

/** Whether a newcomer may be granted an MCP audience before a person looked at it. */
export type Adoption = { adoptable: true; preset: Preset } | { adoptable: false; reason: string };

/**
 * Attributes by which Keycloak 26.7 lets a client use more than the code flow; anybody who registers may set each. One that
 * a later server adds is recognised by its ending.
 */
const GRANT_ATTRIBUTES: Readonly<Record<string, string>> = {
  'oauth2.device.authorization.grant.enabled':
    'the device grant (anybody who starts the sign-in gets the token)',
  'oidc.ciba.grant.enabled': 'the backchannel grant (CIBA)',
  'standard.token.exchange.enabled': 'token exchange',
  'oauth2.jwt.authorization.grant.enabled': 'the JWT bearer grant',
};
/** The attributes of the grants that a product itself may list, by grant type (RFC 8628, OpenID CIBA, RFC 8693, RFC 7523). */
const ATTRIBUTE_OF: Readonly<Record<string, string>> = {
  'urn:ietf:params:oauth:grant-type:device_code': 'oauth2.device.authorization.grant.enabled',
  'urn:openid:params:grant-type:ciba': 'oidc.ciba.grant.enabled',
  'urn:ietf:params:oauth:grant-type:token-exchange': 'standard.token.exchange.enabled',
  'urn:ietf:params:oauth:grant-type:jwt-bearer': 'oauth2.jwt.authorization.grant.enabled',
};

/**
 * The grants that a client may use beside authorization code and refresh token, in words. Those of `expected`, grant
 * types that its product is known to list, are left out. Client credentials, the password grant and the implicit flow
 * are never expected.
 */
export function excessGrants(client: ClientFacts, expected: readonly string[] = []): string[] {
  const known = new Set(expected.map((grant) => ATTRIBUTE_OF[grant]));
  const attributes = grantAttributesOf(client)
    .filter((name) => !known.has(name))
    .map((name) => (Object.hasOwn(GRANT_ATTRIBUTES, name) ? GRANT_ATTRIBUTES[name] : undefined) ?? name);
  return [
    client.serviceAccountsEnabled === true ? 'client credentials (tokens without a user)' : [],
    client.authorizationServicesEnabled === true ? 'authorization services' : [],
    client.directAccessGrantsEnabled === true ? 'the password grant' : [],
    client.implicitFlowEnabled === true ? 'the implicit flow' : [],
    attributes,
  ].flat();
}

/**
 * Attributes by which a client changes its own tokens: lifetimes, which outlast the realm's, and the meaning of `acr`. A
 * registrant may set each at `clients-registrations/default` (26.4.0, 26.7.4).
 */
const TOKEN_ATTRIBUTE = /\.(lifespan|timeout)$|^acr\.|\.acr\./;

/** The attributes of a client that change its tokens and that no product sets, by name; empty values don't count. */
function tokenAttributes({ attributes = {} }: ClientFacts): string[] {
  return Object.keys(attributes)
    .filter(
      (name) => TOKEN_ATTRIBUTE.test(name) && !['', undefined, null].includes(attributes[name] as string),
    )
    .sort();
}

/** The reason why a client's redirect URIs, metadata document and name are none of the presets'; in words. */
function misfit(client: ClientFacts, presets: readonly Preset[]): string {
  const { clientId = '', redirectUris = [] } = client;
  const names = presets.map(({ name }) => name).join(', ');
  if (redirectUris.length === 0) return 'it has no redirect URI';
  const wildcard = redirectUris.find((uri) => uri.includes('*'));
  if (wildcard !== undefined) return `its redirect URI ${wildcard} is a wildcard`;
  const foreign = redirectUris.find((uri) => !presets.some((preset) => matchesAny(preset.redirectUris, uri)));
  if (foreign !== undefined) return `its redirect URI ${foreign} is none of: ${names}`;
  if (judgeOrigin(client).kind === 'cimd' && !presets.some((preset) => isCimdOf(preset, clientId))) {
    return `the metadata document ${clientId} is none of: ${names}`;
  }
  const fitting = presets.filter((preset) =>
    redirectUris.every((uri) => matchesAny(preset.redirectUris, uri)),
  );
  if (fitting.length === 0) return 'its redirect URIs are not all those of one product';
  const called =
    client.name === undefined || client.name === '' ? 'gives no name' : `calls itself ${client.name}`;
  return `its redirect URIs could be any tool’s, and it ${called}, which is none of: ${names}`;
}

/** The types of a client's own protocol mappers that decide what its tokens carry. */
export function listOwnMapperTypes({ protocolMappers = [] }: ClientFacts): string[] {
  return protocolMappers
    .map(({ protocolMapper }) => protocolMapper ?? '')
    .filter((type) => type !== PAIRWISE_MAPPER);
}

/**
 * Whether a client is a connector of one of these products and nothing more. It registered itself, or Keycloak fetched
 * the product's metadata document. All its redirect URIs are the product's, and users are asked for consent. It can use
 * authorization code and refresh token and, beside them, only what the product itself lists. It is enabled, brings no
 * protocol mapper that writes claims, sets no lifetime or `acr` of its own, and is no probe of mcpkc's own. The reason may hold what the client wrote about
 * itself, as it wrote it.
 */
export function judgeAdoption(client: ClientFacts, presets: readonly Preset[]): Adoption {
  const no = (reason: string): Adoption => ({ adoptable: false, reason });
  if (isProbe(client)) return no('it is a probe of mcpkc’s own');
  if (client.enabled !== true) return no('it is disabled');
  const { kind, why } = judgeOrigin(client);
  if (kind === 'other') return no(`it did not register itself: ${why}`);
  const preset = presetOf(client, presets);
  if (preset === undefined) return no(misfit(client, presets));
  if (client.consentRequired !== true) return no('it does not ask users for consent');
  if (client.standardFlowEnabled !== true) return no('it cannot use the authorization code flow');
  const { registration: registered, cimdGrantTypes = registered.grant_types } = preset;
  const excess = excessGrants(client, kind === 'cimd' ? cimdGrantTypes : registered.grant_types);
  if (excess.length > 0) return no(`it may also use ${excess.join(', ')}`);
  const mappers = listOwnMapperTypes(client);
  if (mappers.length > 0) return no(`it brings protocol mappers of its own (${mappers.join(', ')})`);
  const own = tokenAttributes(client);
  if (own.length > 0) return no(`it changes its own tokens (${own.join(', ')})`);
  return { adoptable: true, preset };
}

/**
 * The powers of a client that holds an audience beyond a connector's work, in words. They are a redirect URI that leads
 * anywhere, grants that its product doesn't use, and no consent. Only of clients that may have registered themselves:
 * an administrator's are his to judge. May hold what the client wrote about itself.
 */
export function holderProblems(client: ClientFacts, presets: readonly Preset[]): string[] {
  const { kind } = judgeOrigin(client);
  if (kind === 'other' && !isSelfRegistered(client)) return [];
  const preset = presetOf(client, presets);
  const known = preset?.registration.grant_types;
  const expected = kind === 'cimd' ? (preset?.cimdGrantTypes ?? known) : known;
  const wildcards = (client.redirectUris ?? []).filter((uri) => uri.includes('*'));
  return [
    excessGrants(client, expected).map((grant) => `it may use ${grant}`),
    wildcards.map((uri) => `its redirect URI ${uri} is a wildcard`),
    tokenAttributes(client).map((name) => `it changes its own tokens (${name})`),
    client.consentRequired === true ? [] : 'it asks users for no consent',
  ].flat();
}
