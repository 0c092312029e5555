import type { Context } from '../cli/command.ts';
import { type Config, hasAccount } from '../config/config.ts';
import { DAY } from '../duration.ts';
import { connect } from '../keycloak/connection/connect.ts';
import { readStatus } from '../keycloak/read/status-snapshot.ts';
import { knownPresets } from '../plan/input.ts';
import type { Preset } from '../products/preset.ts';
import type { Finding } from './finding.ts';
import { GROUPS } from './index.ts';
import { judge } from './judge.ts';
import { seenBy } from './seen-by.ts';

/** Findings of `status` about the realm of an MCP server; undefined where no service account is configured. */
export async function findingsFor(
  context: Context,
  config: Config,
  { resource, presets }: { resource: string; presets: readonly Preset[] },
): Promise<readonly Finding[] | undefined> {
  if (!hasAccount(config) || config.clientId === undefined) return undefined;
  const keycloak = await connect(config, context.io, context.signal);
  const parts = await readStatus(keycloak, {
    account: config.clientId,
    issuer: config.issuer,
    since: context.io.now() - DAY,
    clientIds: knownPresets(config).flatMap(({ cimdUrl }) => cimdUrl ?? []),
    resource,
    clients: false,
  });
  return judge(GROUPS, await seenBy(context, config, keycloak, { resource, presets, parts })).findings;
}
