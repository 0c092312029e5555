import { isKeycloakId } from '../realm/representations.ts';
import { CIMD_ATTRIBUTE, isPinned } from '../realm/ways.ts';
import { hasClientName, type Preset } from './preset.ts';
import { matchesAny, matchesRedirect } from './redirect.ts';

/** The part of Keycloak's representation of a client that is read (REST API 26.7, same field names). */
export interface ClientFacts {
  id?: string | undefined;
  clientId?: string | undefined;
  name?: string | undefined;
  enabled?: boolean | undefined;
  protocol?: string | undefined;
  consentRequired?: boolean | undefined;
  fullScopeAllowed?: boolean | undefined;
  standardFlowEnabled?: boolean | undefined;
  implicitFlowEnabled?: boolean | undefined;
  directAccessGrantsEnabled?: boolean | undefined;
  serviceAccountsEnabled?: boolean | undefined;
  authorizationServicesEnabled?: boolean | undefined;
  redirectUris?: readonly string[] | undefined;
  protocolMappers?: readonly { protocolMapper?: string }[] | undefined;
  attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** The origin of a client, as far as its representation shows it, and the reason for that judgement. */
export interface Origin {
  kind: 'dynamic' | 'cimd' | 'other';
  why: string;
}

/**
 * The attribute that holds when a confidential client got its secret (epoch seconds); public clients have none. Seen on
 * 26.7.3.
 */
const SECRET_TIME_ATTRIBUTE = 'client.secret.creation.time';
/** The attribute that holds the `tos_uri` of a registration, which Trusted Hosts does not look at. Seen on 26.7.3. */
export const TOS_ATTRIBUTE = 'tosUri';

/** The `tos_uri` of registrations that mcpkc makes to try a realm out: this and the run's id. Never resolves (RFC 6761). */
export const PROBE_TOS_URI_PREFIX = 'https://mcpkc.invalid/probe/';

function attribute(client: ClientFacts, name: string): string | undefined {
  const value =
    client.attributes && Object.hasOwn(client.attributes, name) ? client.attributes[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Whether a client registered itself (anonymously, or by a metadata document) or somebody made it. */
export function judgeOrigin(client: ClientFacts): Origin {
  const { id, clientId = '' } = client;
  const other = (why: string): Origin => ({ kind: 'other', why });
  if (id !== undefined && !isKeycloakId(id)) return other('its internal id is not one that Keycloak makes');
  if (client.protocol !== undefined && client.protocol !== 'openid-connect') {
    return other(`its protocol is ${client.protocol}`);
  }
  if (isPinned(client)) return other('its client id is a URL, and its document is never fetched');
  if (/^https:\/\//i.test(clientId)) {
    return attribute(client, CIMD_ATTRIBUTE) === undefined
      ? other('its client id is a URL, but Keycloak did not make it from a metadata document')
      : { kind: 'cimd', why: 'Keycloak made it from the metadata document at its client id' };
  }
  if (!isKeycloakId(clientId)) return other('not self-registered');
  if (clientId !== id) return other('its client id is not its internal id, as a registered client’s is');
  if (client.consentRequired !== true)
    return other('it does not ask users for consent, as a registered client does');
  if (client.fullScopeAllowed !== false) return other('it has full scope, which a registered client has not');
  return {
    kind: 'dynamic',
    why: 'its client id is its internal id, it asks for consent and has no full scope',
  };
}

/**
 * Whether a client has the mark of registration, or was made from a metadata document. The mark: it asks users for
 * consent and has no full scope. A registrant may choose its client id and internal id
 * (`clients-registrations/default`), so these prove nothing. The mark is there as long as the policies 'Consent
 * Required' and 'Full Scope Disabled' are (26.7.4).
 */
export function isSelfRegistered(client: ClientFacts): boolean {
  if (client.protocol !== undefined && client.protocol !== 'openid-connect') return false;
  const marked = client.consentRequired === true && client.fullScopeAllowed === false;
  return marked || judgeOrigin(client).kind === 'cimd';
}

const GRANT_ATTRIBUTE = /(?:grant|token\.exchange)\.enabled$/;

/**
 * Names of the attributes by which a client may use more grants (Keycloak 26.7); a later server's are known by their
 * ending.
 */
export function grantAttributesOf(client: ClientFacts): string[] {
  return Object.entries(client.attributes ?? {})
    .filter(([name, value]) => GRANT_ATTRIBUTE.test(name) && String(value).toLowerCase() !== 'false')
    .map(([name]) => name);
}

const YEAR_2010 = 1_262_304_000;
const YEAR_2100 = 4_102_444_800;

/**
 * The time when a client was made, in milliseconds; undefined where Keycloak doesn't show it. It is the time of its
 * secret: a regenerated one makes the client look younger than it is. May lie ahead of the caller's clock.
 */
export function createdAt(client: ClientFacts): number | undefined {
  const value = attribute(client, SECRET_TIME_ATTRIBUTE);
  if (value === undefined || !/^[0-9]{10}$/.test(value)) return undefined;
  const seconds = Number(value);
  return seconds >= YEAR_2010 && seconds < YEAR_2100 ? seconds * 1000 : undefined;
}

/** The run that registered this client as a probe; undefined for all other clients. */
export function probeRun(client: ClientFacts): string | undefined {
  const uri = attribute(client, TOS_ATTRIBUTE);
  return uri?.startsWith(PROBE_TOS_URI_PREFIX) ? uri.slice(PROBE_TOS_URI_PREFIX.length) : undefined;
}

/** Whether mcpkc itself registered this client to try the realm out. */
export function isProbe(client: ClientFacts): boolean {
  return probeRun(client) !== undefined;
}

/** Whether a client id is the URL of a preset's metadata document. */
export function isCimdOf(preset: Preset, clientId: string): boolean {
  if (clientId === preset.cimdUrl) return true;
  return (preset.cimdUrlPatterns ?? []).some((pattern) => matchesRedirect(pattern, clientId));
}

function isLoopbackUri(uri: string): boolean {
  return /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(uri);
}

/**
 * The product that a client belongs to: all its redirect URIs are that preset's. A metadata document decides by its URL
 * as well. A name proves nothing on its own, but decides between presets that fit alike. It has to fit too where every
 * URI leads to the user's own machine, which any tool can claim.
 */
export function presetOf(client: ClientFacts, presets: readonly Preset[]): Preset | undefined {
  const uris = client.redirectUris ?? [];
  if (uris.length === 0) return undefined;
  const fitting = presets.filter((preset) => uris.every((uri) => matchesAny(preset.redirectUris, uri)));
  const { clientId = '' } = client;
  if (judgeOrigin(client).kind === 'cimd') return fitting.find((preset) => isCimdOf(preset, clientId));
  const named = fitting.filter((preset) => hasClientName(preset, client.name));
  if (uris.every(isLoopbackUri))
    return named[0] ?? fitting.find(({ clientNames }) => clientNames.length === 0);
  return fitting.length === 1 ? fitting[0] : named[0];
}
