import { answerOf } from '../../checks/answer.ts';
import { validate } from '../../checks/validate.ts';
import type { Context } from '../../cli/command.ts';
import { type Config, hasAccount } from '../../config/config.ts';
import { DAY } from '../../duration.ts';
import { GROUPS } from '../../findings/index.ts';
import { judge } from '../../findings/judge.ts';
import { seenBy } from '../../findings/seen-by.ts';
import { connect } from '../../keycloak/connection/connect.ts';
import { readStatus } from '../../keycloak/read/status-snapshot.ts';
import { knownPresets } from '../../plan/input.ts';
import type { Preset } from '../../products/preset.ts';
import type { Observed } from './facts.ts';

/** What a runbook is about. */
export interface Subject {
  resource: string;
  presets: readonly Preset[];
}

/** What `status` finds in the realm; undefined where no service account is configured. */
export async function observeRealm(
  context: Context,
  config: Config,
  { resource, presets }: Subject,
): Promise<Observed['findings']> {
  if (!hasAccount(config) || config.clientId === undefined) return undefined;
  const keycloak = await connect(config, context.io, context.signal);
  const parts = await readStatus(keycloak, {
    account: config.clientId,
    issuer: config.issuer,
    since: context.io.now() - DAY,
    clientIds: knownPresets(config).flatMap(({ cimdUrl }) => cimdUrl ?? []),
    clients: false,
  });
  return judge(GROUPS, await seenBy(context, config, keycloak, { resource, presets, parts })).findings;
}

/** What `validate` finds: with the account from inside, without one from outside. Registers probes and removes them. */
export async function observeChain(
  context: Context,
  config: Config,
  { resource, presets }: Subject,
): Promise<Observed['checks']> {
  const findings = await validate(context, config, {
    mcp: resource,
    presets: [...presets],
    only: [],
    skip: [],
    outside: false,
    noRegistration: false,
    client: undefined,
    requireUser: false,
    manifest: false,
    login: false,
    allowPrivate: false,
    user: undefined,
    token: undefined,
    saved: undefined,
    keep: undefined,
  });
  const { checks } = answerOf(findings, { config, failOn: 'must' });
  return checks.map(({ id, severity, outcome, message }) => ({ id, severity, outcome, message }));
}
