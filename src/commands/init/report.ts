import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import type { Administrator } from '../../keycloak/connection/admin-login.ts';
import { excessRoles, roleName } from '../../plan/account/account-role.ts';
import type { DesiredAccount } from '../../plan/account/desired.ts';
import { spareSettings } from '../../plan/account/service-account.ts';
import { firstStepFor } from '../../plan/next-step.ts';
import type { Plan } from '../../plan/plan.ts';
import type { AccountSnapshot } from '../../realm/account.ts';
import { retentionFor, retentionText } from '../../realm/events.ts';
import { resourceOf } from '../../realm/mcp-scope.ts';
import { type CommandPart, formatCommand, visible } from '../../text.ts';
import { eventsSentences } from './announce.ts';
import type { FilePlan } from './files.ts';
import type { ServerLook } from './guide.ts';
import { kcadmLines } from './kcadm.ts';
import { type InitAnswer, initText } from './text.ts';

/** The findings, plan and deeds of a run of `init`. */
export interface InitOutcome {
  account: DesiredAccount;
  /** The state as it is now; with `--dry-run` as it was found. */
  snapshot: AccountSnapshot;
  plan: Plan;
  files: FilePlan[];
  /** The file of the account's private key, where it has one or would get one. */
  keyPath: string;
  dryRun: boolean;
  /** The account; undefined where nobody signed in. */
  administrator: Administrator | undefined;
  /** Whether .gitignore names the files with a secret; undefined where that was not asked, or there is no work tree. */
  ignored?: boolean | undefined;
  /** The answer at the MCP server’s URL, where it was asked. */
  look?: ServerLook;
}

/** The answer of `init`; without any secret. */
export function reportOf(context: Context, config: Config, outcome: InitOutcome): Report {
  const { account, snapshot, plan, dryRun, administrator } = outcome;
  const { server } = config;
  const files = outcome.files.map(({ path, action, keys }) => ({ path, action, keys }));
  const changes = plan.length > 0 || files.some(({ action }) => action !== 'none');
  const kcadm =
    dryRun && changes
      ? kcadmLines(plan, kcadmContext(config, context.io.env.KC_BOOTSTRAP_ADMIN_USERNAME || 'admin', outcome))
      : [];
  const excess = excessRoles(account, snapshot).map((role) => roleName(role, account.roleClient));
  const summary = {
    clientId: account.clientId,
    realm: account.realm,
    roles: account.roles,
    excess,
    settingsInExcess: spareSettings(snapshot.client),
  };
  const answer: InitAnswer = {
    server,
    realm: account.target,
    account: { ...summary, excess: [...excess, ...summary.settingsInExcess] },
    plan,
    dryRun,
    files,
    kcadm,
    seen: administrator !== undefined,
    next: nextLines(context, config, outcome),
  };
  return {
    command: 'init',
    exitStatus: dryRun && changes ? 1 : 0,
    server,
    realm: account.target,
    document: {
      resource: null,
      scope: null,
      mode: null,
      changes: plan,
      applied: !dryRun,
      account: summary,
      files,
      ...(dryRun ? { kcadm } : {}),
    },
    text: (style) => initText(answer, style),
  };
}

function kcadmContext({ server }: Config, adminName: string, outcome: InitOutcome) {
  const { account, snapshot, files, administrator } = outcome;
  const config = files.at(-1);
  const env = files.at(-2);
  const name = administrator?.kind === 'password' ? administrator.name : adminName;
  const keptMs =
    account.events && snapshot.events ? retentionFor(snapshot.events, account.events.retentionMs) : undefined;
  return {
    server,
    account,
    admin: { realm: administrator?.realm ?? 'master', name },
    keyPath: outcome.keyPath,
    files: {
      env: env ?? { path: '.keycloak-env', action: 'create' as const },
      config: config ?? { path: 'config.local.json', action: 'create' as const },
    },
    judgedId: snapshot.client?.id,
    seen: administrator !== undefined,
    retentionSeconds: keptMs === undefined ? undefined : Math.round(keptMs / 1000),
  };
}

const EXAMPLE = 'https://svc.example.com/mcp';

/** The one next step, by the findings. */
function nextStep(
  options: readonly CommandPart[],
  { transportUrl }: Config,
  { account, snapshot, look }: InitOutcome,
): string {
  const line = (...parts: CommandPart[]) => formatCommand([...options, ...parts]);
  if (!account.roles.includes('manage-clients')) return `Next:\n${line('status')}`;
  if (transportUrl === undefined)
    return `Next, with the URL of your MCP server, connect ChatGPT:\n${line('onboard', EXAMPLE, ['--preset', 'chatgpt'])}`;
  const isThere = snapshot.scopes.some((scope) => resourceOf(scope) === transportUrl);
  if (isThere && account.realm === account.target) return `Next:\n${line('status')}`;
  const isServing = look === undefined ? undefined : look === 'protected';
  const next = firstStepFor({ resource: undefined, isServing, options });
  return `Next, ${next.what}:\n${next.line}`;
}

function nextLines({ named }: Context, config: Config, outcome: InitOutcome): string[] {
  const { account, snapshot, plan, files, dryRun } = outcome;
  const { events } = account;
  if (dryRun) return eventsSentences(account.target, events?.retentionMs, plan).slice(1);
  const kept = snapshot.events?.expirationMs;
  const longer =
    events && kept !== events.retentionMs
      ? [
          `Events were kept longer than that already (${retentionText(kept)}), and still are: init never shortens it.`,
        ]
      : [];
  const ownFiles: CommandPart[] = [
    ...(named.credentials === undefined ? [] : [['--credentials', named.credentials] as const]),
    ...(named.config === undefined ? [] : [['--config', named.config] as const]),
  ];
  // A profile is named as such, in place of its files.
  const options: CommandPart[] = config.profile === undefined ? ownFiles : [['--profile', config.profile]];
  const next = nextStep(options, config, outcome);
  const secret =
    outcome.ignored !== true && files.some(({ action }) => action !== 'none')
      ? [
          `Keep ${visible((account.signIn === 'key' ? outcome.keyPath : files.at(-2)?.path) ?? '')} out of version control: it holds the account’s ${account.signIn === 'key' ? 'private key' : 'secret'}.`,
        ]
      : [];
  const dead = plan.some(
    ({ before, after }) => before !== null && 'key' in before && after !== null && 'secret' in after,
  )
    ? [`The account’s key is dead. Where its file is there, delete it: ${visible(outcome.keyPath)}`]
    : [];
  return [...longer, ...secret, ...dead, next];
}
