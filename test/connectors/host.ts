import { readConfig } from '../../examples/mcp-host/config.ts';
import { type RunningHost, startHost } from '../../examples/mcp-host/host.ts';

/** Starts the example host on a free port; with `scope`, its metadata lists it. */
export function startMcpHost(issuer: string, scope?: string): Promise<RunningHost> {
  const advertised = scope === undefined ? {} : { ADVERTISE_SCOPES: scope };
  const env = (origin: string) => ({ MCP_PUBLIC_BASE_URL: origin, OIDC_ISSUER: issuer, ...advertised });
  return startHost((origin) => readConfig(env(origin)), { log: () => {} });
}
