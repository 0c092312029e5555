/** The example host as a host for tests: the one that does everything right. */
import { readConfig } from '../../../examples/mcp-host/config.ts';
import { createHost } from '../../../examples/mcp-host/host.ts';
import { type HostSetup, serve, type TestHost } from './serve.ts';

export type Env = Record<string, string | undefined>;

export interface GoodHost extends TestHost {
  /** The host's log, a line of JSON per request. */
  log: string[];
}

/** Starts it; `env` adds to or overrides what the setup says. */
export async function startGoodHost(setup: HostSetup, env: Env = {}): Promise<GoodHost> {
  const log: string[] = [];
  const host = await serve((origin) => {
    const built = createHost(readConfig(hostEnv(origin, setup, env)), { log: (line) => log.push(line) });
    return { listener: built.app, close: built.close };
  });
  return { ...host, log };
}

/** The variables of a host that is reached at `origin`. */
export function hostEnv(origin: string, setup: HostSetup, env: Env = {}): Env {
  return {
    MCP_PUBLIC_BASE_URL: origin,
    OIDC_ISSUER: setup.issuer,
    MCP_SCOPE_NAME: setup.scope,
    ADVERTISE_SCOPES: setup.advertisedScopes?.join(','),
    ...env,
  };
}
