/** The long text of a finding, an error or a check; shown by `mcpkc explain`. Plain sentences, no markup. */
export interface Explanation {
  /** Its meaning, and what people see because of it. */
  what: string;
  /** The events or settings that bring it about. */
  cause: string;
  /** The ways to fix it, in the order in which one would try. */
  fix: string;
  /** The sources: public pages, specifications, or the Keycloak version that it was seen on. */
  sources: readonly string[];
}

/** An explanation under its code, and what kind of thing the code is: "finding (error)", "error (exit status 5)". */
export interface ExplainedCode {
  code: string;
  kind: string;
  explanation: Explanation;
}

/** The source of facts that were measured and stand in no document. */
export const SEEN = 'Seen on Keycloak 26.7.4';

/** Keycloak's guide to client registration and its policies. */
export const REGISTRATION_GUIDE = 'https://www.keycloak.org/securing-apps/client-registration';
/** Keycloak's guide to MCP. */
export const MCP_GUIDE = 'https://www.keycloak.org/securing-apps/mcp-authz-server';
/** Keycloak's guide to hostnames. */
export const HOSTNAME_GUIDE = 'https://www.keycloak.org/server/hostname';
/** Keycloak's guide to proxies. */
export const PROXY_GUIDE = 'https://www.keycloak.org/server/reverseproxy';
/** The administrator's handbook: client scopes, client policies, events, roles. */
export const ADMIN_GUIDE = 'https://www.keycloak.org/docs/latest/server_admin/';
/** Keycloak's upgrading guide: what each release changes. */
export const UPGRADING_GUIDE = 'https://www.keycloak.org/docs/latest/upgrading/';
/** MCP's specification of authorization. */
export const MCP_SPEC = 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization';
