import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import { envBlock } from '../../plan/env-block.ts';
import { roleLabel } from '../../realm/access.ts';
import type { Onboarded } from './onboard.ts';
import { adoptCommand, describeForAnswer } from './outcome.ts';
import { type OnboardAnswer, onboardText } from './text.ts';

/** The purpose of `onboard`: wait for the next connector, adopt a named client, end the remains of an earlier run. */
export type AnswerKind = OnboardAnswer['kind'];

/** The way in which the answer came to be. */
export interface How {
  kind: AnswerKind;
  /** Set where it is only planned: the exit status that tells whether something would change. */
  dryRun?: { exitStatus: number };
}

/** The answer of `onboard`, as a document and as a text. */
export function report(onboarded: Onboarded, config: Config, { kind, dryRun }: How): Report {
  const { run, client, audience } = onboarded;
  const { resource, scope, mode, list, keycloak, changes, timeline } = run;
  const { server, realm } = keycloak;
  const env = client ? environment(onboarded, config) : null;
  const others = onboarded.others.map(({ client: other, reason, adoptable }) => ({
    ...describeForAnswer(other),
    reason,
    command: adoptable ? adoptCommand(run, other) : null,
  }));
  const unused = onboarded.unused.map(({ client: { clientId }, since }) => ({ clientId, since }));
  const common = {
    resource,
    scope,
    mode,
    changes,
    client: client ? describeForAnswer(client) : null,
    others,
    unused,
    audience: audience ?? null,
    roles: run.gates?.map(roleLabel) ?? null,
    doubts: onboarded.doubts,
    env,
  };
  const text: OnboardAnswer = { ...common, kind, server, realm, list, dryRun: dryRun !== undefined };
  return {
    command: 'onboard',
    exitStatus: dryRun?.exitStatus ?? 0,
    server,
    realm,
    document: { ...common, applied: dryRun === undefined, timeline },
    text: (style) => onboardText(text, style),
  };
}

function environment({ run }: Onboarded, config: Config): Record<string, string> {
  const { resource, scope, keycloak } = run;
  const { audiences, allowedOrigins } = config;
  const issuer = config.issuer ?? `${keycloak.server}/realms/${encodeURIComponent(keycloak.realm)}`;
  return envBlock({
    resource,
    scope,
    issuer,
    audiences: [...audiences.urls, ...audiences.clients],
    allowedOrigins,
    roles: run.gates?.map(roleLabel) ?? [],
  });
}
