import { visible } from '../text.ts';

/** A sign-in that is kept for later runs (`--save-token`): the values that get a token of the same person again. */
export interface SavedSignIn {
  /** The MCP server that it is for. */
  resource: string;
  issuer: string;
  tokenEndpoint: string;
  clientId: string;
  clientSecret: string;
  refreshToken: string;
}

const SCHEMA = 'mcpkc/sign-in/v1';
const FIELDS = ['resource', 'issuer', 'tokenEndpoint', 'clientId', 'clientSecret', 'refreshToken'] as const;

/** The text of a file of `--save-token`. It holds secrets: mode 0600. */
export function signInText(saved: SavedSignIn): string {
  return `${JSON.stringify({ schema: SCHEMA, ...saved }, null, 2)}\n`;
}

function isSignIn(
  found: Readonly<Record<string, unknown>>,
): found is Record<(typeof FIELDS)[number], string> {
  return FIELDS.every((name) => typeof found[name] === 'string');
}

/** Reads such a file; undefined for any other text. */
export function readSignIn(text: string): SavedSignIn | undefined {
  try {
    const found = JSON.parse(text) as Record<string, unknown>;
    if (found.schema !== SCHEMA || !isSignIn(found) || !URL.canParse(found.tokenEndpoint)) return undefined;
    const { resource, issuer, tokenEndpoint, clientId, clientSecret, refreshToken } = found;
    return { resource, issuer, tokenEndpoint, clientId, clientSecret, refreshToken };
  } catch {
    return undefined;
  }
}

/** The reason why a saved sign-in is none of this run's, as a sentence; undefined where it is. */
export function foreignSignIn(
  saved: SavedSignIn,
  { mcp, issuer }: { mcp: string; issuer: string | undefined },
): string | undefined {
  if (saved.resource !== mcp) return `The saved sign-in is for ${visible(saved.resource)}.`;
  if (issuer !== undefined && saved.issuer !== issuer)
    return `The saved sign-in is of ${visible(saved.issuer)}, and the issuer is ${visible(issuer)}.`;
  // The sign-in goes only where it was got: its endpoint lies below its issuer.
  if (!saved.tokenEndpoint.startsWith(`${saved.issuer}/`))
    return 'The saved sign-in names a token endpoint that is not its issuer’s.';
  return undefined;
}
