/**
 * Keycloak's objects as mcpkc reads them: Keycloak's own field names (REST API 26.7), and natural keys beside the ids.
 * Only fields that decide something are listed. Everything else passes through untouched when written back.
 */

/** A protocol mapper of a client scope. */
export interface ProtocolMapper {
  id: string;
  name: string;
  protocol: string;
  protocolMapper: string;
  config: Record<string, string>;
}

/** A client scope with its mappers. */
export interface ClientScope {
  id: string;
  name: string;
  protocol: string;
  description: string;
  attributes: Record<string, string>;
  mappers: ProtocolMapper[];
}

/** A client registration policy: a component of the realm. `subType` shows for whom: anonymous or with a token. */
export interface RegistrationPolicy {
  id: string;
  name: string;
  providerId: string;
  subType: string;
  config: Record<string, string[]>;
}

/** A condition of a client policy, or an executor of a profile. */
export type PolicyStep<Name extends 'condition' | 'executor'> = Record<Name, string> & {
  configuration: Record<string, unknown>;
};

/** A client policy; unknown fields are kept. */
export interface ClientPolicy {
  name: string;
  description?: string;
  enabled?: boolean;
  /** `STRICT`: every condition must be met. Since 26.7.0; a server before that refuses the field. */
  mode?: string;
  conditions?: PolicyStep<'condition'>[];
  profiles?: string[];
  [field: string]: unknown;
}

/** A client profile; unknown fields are kept. */
export interface ClientProfile {
  name: string;
  description?: string;
  executors?: PolicyStep<'executor'>[];
  [field: string]: unknown;
}

/** Internal ids as Keycloak makes them. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Whether an internal id is one that Keycloak makes. A registrant may choose any text of up to 36 characters, `..` too:
 * then a request to `clients/..` is one to the realm (26.4.0, 26.7.4). Nothing is written to other ids.
 */
export function isKeycloakId(id: string | undefined): id is string {
  return id !== undefined && UUID.test(id);
}

/** A client. Secrets are dropped when it is read. */
export interface Client {
  id: string;
  clientId: string;
  name?: string;
  description?: string;
  enabled?: boolean;
  protocol?: string;
  publicClient?: boolean;
  bearerOnly?: boolean;
  consentRequired?: boolean;
  fullScopeAllowed?: boolean;
  standardFlowEnabled?: boolean;
  implicitFlowEnabled?: boolean;
  directAccessGrantsEnabled?: boolean;
  serviceAccountsEnabled?: boolean;
  /** Its way to authenticate: `client-secret`, `client-jwt`, … */
  clientAuthenticatorType?: string;
  baseUrl?: string;
  authorizationServicesEnabled?: boolean;
  /** Mappers of the client's own, beside those of its scopes. */
  protocolMappers?: OwnMapper[];
  redirectUris: string[];
  attributes: Record<string, string>;
  defaultClientScopes: string[];
  optionalClientScopes: string[];
}

/** A client's own protocol mapper, as Keycloak represents it. */
export interface OwnMapper {
  id?: string;
  name?: string;
  protocol?: string;
  protocolMapper?: string;
  config?: Record<string, unknown>;
}

/** The user events that the realm stores; `expirationMs` is undefined where they are kept for ever. */
export interface EventsConfig {
  enabled: boolean;
  types: string[];
  expirationMs: number | undefined;
}

/** A stored user event (Keycloak's own names); `time` is in milliseconds since the epoch. */
export interface UserEvent {
  /** Undefined where the server sends none. */
  id: string | undefined;
  time: number;
  type: string;
  clientId: string | undefined;
  userId: string | undefined;
  sessionId: string | undefined;
  ipAddress: string | undefined;
  error: string | undefined;
  details: Record<string, string>;
}

/** Provider ids of client registration policies (Keycloak 26.7.3: names of the SPI's providers). */
export const POLICY = {
  trustedHosts: 'trusted-hosts',
  allowedScopes: 'allowed-client-templates',
  allowedMappers: 'allowed-protocol-mappers',
  maxClients: 'max-clients',
  consent: 'consent-required',
  fullScope: 'scope',
  disabled: 'client-disabled',
  webOrigins: 'registration-web-origins',
} as const;

/** The component type of client registration policies. */
export const REGISTRATION_POLICY_TYPE =
  'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

/** The protocol mapper that puts an audience into tokens (Keycloak's provider id). */
export const AUDIENCE_MAPPER = 'oidc-audience-mapper';
