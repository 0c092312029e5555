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
import { lookAt } from './seen-by.ts';

/** A look of `status` at the realm of an MCP server. */
export interface Look {
  findings: readonly Finding[];
  /** The products that it is about. */
  presets: readonly Preset[];
  /** Whether the account saw all that the rules judge by. */
  isWhole: boolean;
}

/**
 * The findings of `status` about the realm of an MCP server; undefined where no service account is configured. Without
 * `presets` it is about the products that the record names.
 */
export async function findProblems(
  context: Context,
  config: Config,
  { resource, presets }: { resource: string; presets: readonly Preset[] | undefined },
): Promise<Look | undefined> {
  if (!hasAccount(config) || config.clientId === undefined) return undefined;
  const keycloak = await connect(config, context.io, context.signal);
  const parts = await readStatus(keycloak, {
    account: config.clientId,
    issuer: config.issuer,
    since: context.io.now() - DAY,
    clientIds: knownPresets(config).flatMap(({ cimdUrl }) => cimdUrl ?? []),
    resource,
  });
  const seen = await lookAt(context, config, keycloak, { resource, presets, parts });
  const { findings, unjudged } = judge(GROUPS, seen);
  return { findings, presets: seen.presets, isWhole: unjudged.length === 0 };
}
