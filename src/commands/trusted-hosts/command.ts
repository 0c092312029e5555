import { type Command, type Context, defineWriting, type Flags, list } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { badInput } from '../../errors.ts';
import { connect, type Keycloak } from '../../keycloak/connection/connect.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { normaliseHost } from '../../names/host-name.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import type { Desired } from '../../plan/desired.ts';
import { hardened } from '../../plan/hardening.ts';
import { commonReservations } from '../../plan/input.ts';
import { planFor } from '../../plan/kinds/index.ts';
import { withdrawLeftBehind } from '../../plan/leftovers.ts';
import { type RealmPlan, requireConsent } from '../../plan/plan.ts';
import { trustedHostsText } from '../../plan/trusted-hosts-text.ts';
import { customPresets } from '../../products/custom.ts';
import { resolvePresets } from '../../products/resolve.ts';
import { hostsOf } from '../../realm/registration-policies.ts';
import { POLICY } from '../../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../../realm/snapshot.ts';

/** `mcpkc trusted-hosts` */
export const trustedHosts: Command = {
  define(command) {
    command
      .description('List, add or remove the hosts whose clients may register without a token.')
      .option('--list', 'list them (what happens without a flag)')
      .option('--add <host>', 'add a host …; the match flags stay as they are', list)
      .option('--remove <host>', 'remove a host …', list)
      .option('--preset <name>', 'add a product’s hosts … and set the match flags as it needs them', list)
      .option('--no-harden', 'leave out what makes registration safer: mapper types');
    defineWriting(command);
  },
  examples: [
    ['what is trusted now', 'mcpkc trusted-hosts'],
    ['let a product register', 'mcpkc trusted-hosts --preset vscode'],
    ['add your own host', 'mcpkc trusted-hosts --add tools.example.com'],
  ],
  changes:
    'The Trusted Hosts policy for anonymous registration, and nothing else in it than the hosts named; with --add and --preset also what makes registration safer.',
  exits: [
    [0, 'done, listed, or nothing to do'],
    [1, 'with --dry-run: something would change'],
    [5, 'another run holds the lock for too long, or --yes is needed'],
  ],
  async run(context, _args, flags) {
    const config = await context.config();
    const presets = resolvePresets(
      (flags.preset as string[] | undefined) ?? [],
      customPresets(config.presets, config.files.config),
    );
    const desired = desiredHosts(
      flags,
      presets.flatMap(({ trustedHosts: hosts }) => hosts),
      presets.length > 0,
    );
    const keycloak = await connect(config, context.io, context.signal);
    const snapshot = await readRealm(keycloak);
    const plan = planFor(desired, snapshot);
    if (flags.dryRun === true || plan.length === 0)
      return report(keycloak, snapshot, plan, flags.dryRun === true);
    requireConsent(commonReservations(keycloak.realm, plan), flags.yes === true);
    await withdrawLeftBehind(context, keycloak, 'trusted-hosts');
    const now = await apply(context, keycloak, plan, desired, snapshot);
    return report(keycloak, now, plan, false);
  },
};

/** A host to remove; a lone `*` too, which is never added but may be there. */
function removable(text: string): string {
  return text === '*' ? text : normaliseHost(text);
}

function desiredHosts(flags: Flags, presetHosts: readonly string[], withFlags: boolean): Desired {
  const add = ((flags.add as string[] | undefined) ?? []).map(normaliseHost);
  const remove = ((flags.remove as string[] | undefined) ?? []).map(removable);
  const hosts = [...new Set([...add, ...presetHosts])];
  const both = remove.find((host) => hosts.includes(host));
  if (both !== undefined) {
    throw badInput('--remove', `${both} is to be added too`, 'Add the host or remove it.');
  }
  const matchFlags = withFlags ? { matchFlags: { sender: false, clientUris: true } } : {};
  const opens = hosts.length > 0 && flags.harden !== false;
  return {
    ...(opens ? hardened() : {}),
    trustedHosts: {
      add: hosts,
      remove,
      createMissing: true,
      ...matchFlags,
    },
  };
}

function apply(
  { io, signal }: Context,
  keycloak: Keycloak,
  plan: RealmPlan,
  desired: Desired,
  snapshot: RealmSnapshot,
) {
  return applyAndVerify(keycloak, plan, desired, snapshot, {
    io,
    holder: holderOf(io, 'trusted-hosts'),
    signal,
  });
}

function report(
  { server, realm }: Keycloak,
  snapshot: RealmSnapshot,
  plan: RealmPlan,
  dryRun: boolean,
): Report {
  const policies = anonymousPolicies(snapshot, POLICY.trustedHosts).map((policy) => ({
    name: policy.name,
    ...hostsOf(policy),
  }));
  return {
    command: 'trusted-hosts',
    exitStatus: dryRun && plan.length > 0 ? 1 : 0,
    server,
    realm,
    document: { resource: null, scope: null, mode: null, policies, changes: plan, applied: !dryRun },
    text: (style) => trustedHostsText({ server, realm, policies, plan, dryRun }, style),
  };
}
