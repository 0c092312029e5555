import { isCommandLine } from '../text.ts';
import { parseChallenges } from './challenge-header.ts';
import type { Evidence } from './evidence.ts';

/** The framework that an MCP server is made with, as far as its answers tell. */
export type Framework = 'fastmcp' | 'spring';

/**
 * The framework that wrote the refusal of a bad token. The words are the server's own: they decide how a fix is worded,
 * nothing else. FastMCP 4.2 (server/auth); Spring Security 6 (BearerTokenAuthenticationEntryPoint). Spring AI's
 * mcp-server-security 0.0.6 writes a header that can't be parsed (a URL without quotes): the text is looked at, too.
 */
export function frameworkOf({ parts: { challenge } }: Pick<Evidence, 'parts'>): Framework | undefined {
  const header = challenge?.garbage.headers.get('www-authenticate') ?? '';
  const [bearer] = parseChallenges(header) ?? [];
  const quoted = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(header)?.[1];
  const params = bearer?.params ?? {
    error_description: quoted('error_description'),
    error_uri: quoted('error_uri'),
  };
  const { error_description: description = '', error_uri: uri = '' } = params;
  if (description.includes('clear authentication tokens in your MCP client')) return 'fastmcp';
  if (uri.startsWith('https://tools.ietf.org/html/rfc6750') || /decode the Jwt/.test(description))
    return 'spring';
  return undefined;
}

const FASTMCP_SCOPE = 'With FastMCP, KeycloakAuthProvider takes required_scopes=["openid", "<scope>"].';
const FASTMCP_AUDIENCE = 'With FastMCP, KeycloakAuthProvider takes audience="<resource>".';
const FASTMCP_URL = 'With FastMCP, KeycloakAuthProvider takes base_url="<mcp-origin>".';
const FASTMCP_ISSUER = 'With FastMCP, KeycloakAuthProvider takes realm_url="<issuer>".';
const SPRING_AUDIENCE =
  'With Spring AI’s mcp-server-security: mcpAuthorization.validateAudienceClaim(true); with Spring Boot alone: spring.security.oauth2.resourceserver.jwt.audiences=<resource>';
const SPRING_ISSUER = 'With Spring Boot: spring.security.oauth2.resourceserver.jwt.issuer-uri=<issuer>';

/** The setting of each framework by which the fix of a check is done. */
const WORDS: Readonly<Record<string, Partial<Record<Framework, string>>>> = {
  'CHAL-SCOPE': { fastmcp: FASTMCP_SCOPE },
  'PRM-SCOPES': { fastmcp: FASTMCP_SCOPE },
  'REG-READBACK': { fastmcp: FASTMCP_SCOPE },
  'CHAL-FOREIGN-AUD': { fastmcp: FASTMCP_AUDIENCE, spring: SPRING_AUDIENCE },
  'MCP-OPEN': { fastmcp: FASTMCP_AUDIENCE, spring: SPRING_AUDIENCE },
  'PRM-RESOURCE': { fastmcp: FASTMCP_URL },
  'PRM-ISSUER': { fastmcp: FASTMCP_ISSUER, spring: SPRING_ISSUER },
};

/**
 * A fix that speaks of the MCP server's framework as well, where that is known and has a setting; commands stay as they
 * are.
 */
export function inWordsOf(framework: Framework | undefined, checkId: string, fix: string): string {
  const words = framework === undefined ? undefined : WORDS[checkId]?.[framework];
  if (words === undefined || fix.includes('\n') || isCommandLine(fix)) return fix;
  return `${fix}${/[.!?]$/.test(fix) ? '' : '.'} ${words}`;
}
