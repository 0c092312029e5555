import type { DesiredAccount } from '../../plan/account/desired.ts';
import { type Change, type ChangeKind, changesOf, type Plan } from '../../plan/plan.ts';
import { keyAttributes, SEAL_ROLE } from '../../realm/account.ts';
import { EVENT_TYPES } from '../../realm/events.ts';
import { ADMIN_API_SCOPE } from '../../realm/roles.ts';
import { schemaUrn } from '../../schema-urn.ts';
import { shellWord } from '../../text.ts';
import { besideOf } from './files.ts';

/** The facts that the lines need beside the plan. */
export interface KcadmContext {
  server: string;
  account: DesiredAccount;
  /** Realm and name that the administrator signs in with. */
  admin: { realm: string; name: string };
  files: { env: KcadmFile; config: KcadmFile };
  /** The file of the account's private key, where it has one or gets one. */
  keyPath: string;
  /** The time for which events are to be kept, in seconds; undefined is for ever. */
  retentionSeconds: number | undefined;
  /** The internal id of the client that was judged; undefined where none is there. */
  judgedId: string | undefined;
  /** Whether the plan was made from Keycloak's answers; else from nothing. */
  seen: boolean;
}

/** A file that the lines write, and whether it is there. */
export interface KcadmFile {
  path: string;
  action: 'create' | 'update' | 'none';
}

/** kcadm puts a realm into the URL as it stands (26.7.3), so it is passed encoded. */
const realmWord = (realm: string) => shellWord(encodeURIComponent(realm));

const ID_ONLY = '--fields id --format csv --noquotes';

/**
 * A plan of `init` as lines for a POSIX shell with Keycloak's own `kcadm.sh` on the PATH (26.7.3): the same outcome,
 * files included. No secret stands in them: kcadm asks for the administrator's password, and the account's secret goes
 * from Keycloak into the credentials file.
 */
export function kcadmLines(plan: Plan, context: KcadmContext): string[] {
  const { server, admin, account } = context;
  const realm = `-r ${realmWord(account.realm)}`;
  const of = <Name extends ChangeKind>(kind: Name) => changesOf(plan, kind);
  const [made] = of('service-account').filter(({ action }) => action === 'create');
  return [
    `kcadm.sh config credentials --server ${shellWord(server)} --realm ${realmWord(admin.realm)} --user ${shellWord(admin.name)}`,
    ...clientLines(made, context, realm),
    ...of('service-account').flatMap((change) => changeLines(change, context, realm)),
    ...roleLines(of('account-role'), account, realm),
    ...of('client-scope-assignment').flatMap((change) => scopeLines(change, realm)),
    ...(context.seen ? [] : adminApiLines(realm)),
    ...of('events').flatMap(() => eventsLines(context)),
    ...fileLines(context, realm),
  ];
}

function settings(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([key, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return `-s ${shellWord(`${key}=${text}`)}`;
    })
    .join(' ');
}

/**
 * The client which the other lines write to: the new one, by the id that its creation tells, or the one that was
 * judged. It is never found by its name: a stranger may have registered that meanwhile.
 */
function clientLines(
  made: Change<'service-account'> | undefined,
  context: KcadmContext,
  realm: string,
): string[] {
  const { account, judgedId } = context;
  const judged = judgedId === undefined ? '' : encodeURIComponent(judgedId);
  if (made === undefined) {
    // Registration access tokens from before are dead once a new one is made, which nobody gets to see.
    const withdraw = `kcadm.sh create clients/$CLIENT/registration-access-token ${realm} > /dev/null`;
    return judged === '' ? [] : [`CLIENT=${shellWord(judged)}`, withdraw];
  }
  const { key, ...after } = made.after ?? {};
  const create = `kcadm.sh create clients ${realm} ${settings({ clientId: account.clientId, ...after })}`;
  return [
    ...(made.before === null ? [] : [`kcadm.sh delete ${shellWord(`clients/${judged}`)} ${realm}`]),
    `CLIENT=$(${create} -i)`,
    ...(key === undefined ? [] : keyLines(context.keyPath, realm)),
    ...sealLines(account, realm),
  ];
}

/** The role may be there already, and making it twice is exit status 1 (26.7.3); mapping it twice is none. */
function sealLines({ clientId }: DesiredAccount, realm: string): string[] {
  const user = `kcadm.sh get clients/$CLIENT/service-account-user ${realm} ${ID_ONLY}`;
  const isThere = `kcadm.sh get clients/$CLIENT/roles/${SEAL_ROLE} ${realm} > /dev/null 2>&1`;
  return [
    `${isThere} || kcadm.sh create clients/$CLIENT/roles ${realm} -s name=${SEAL_ROLE}`,
    `kcadm.sh add-roles ${realm} --uid "$(${user})" --cclientid ${shellWord(clientId)} --rolename ${SEAL_ROLE}`,
  ];
}

function changeLines(
  { action, before, after }: Change<'service-account'>,
  { account, keyPath }: KcadmContext,
  realm: string,
): string[] {
  if (action !== 'update' || after === null) return [];
  if ('key' in after) return [...keyLines(keyPath, realm), ...sealLines(account, realm)];
  if ('secret' in after)
    return [
      `kcadm.sh create clients/$CLIENT/client-secret ${realm}`,
      ...(before !== null && 'key' in before
        ? [
            `kcadm.sh update clients/$CLIENT ${realm} -b ${shellWord(JSON.stringify({ attributes: keyAttributes('') }))}`,
          ]
        : []),
      ...sealLines(account, realm),
    ];
  return [`kcadm.sh update clients/$CLIENT ${realm} ${settings(after)}`];
}

/** A key pair by openssl, private from the start, and its public part for Keycloak: as `init --key` makes them. */
function keyLines(path: string, realm: string): string[] {
  const url = `base64 | tr -d '\\n=' | tr '+/' '-_'`;
  const part = (count: string) =>
    `$(openssl pkey -in "$KEY" -pubout -outform DER | tail -c 64 | ${count} -c 32 | ${url})`;
  const thumbprint = `printf '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' "$X" "$Y" | openssl dgst -sha256 -binary | ${url}`;
  const jwk = ['kty":"EC', 'crv":"P-256', 'x":"%s', 'y":"%s', 'kid":"%s', 'use":"sig', 'alg":"ES256']
    .map((pair) => `\\"${pair.replaceAll('"', '\\"')}\\"`)
    .join(',');
  const body = `{"attributes":{"use.jwks.url":"false","use.jwks.string":"true","jwks.string":"{\\"keys\\":[{${jwk}}]}"}}`;
  return [
    `KEY=${shellWord(path.startsWith('-') ? `./${path}` : path)}`,
    '(umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$KEY.new" && mv "$KEY.new" "$KEY")',
    `X=${part('head')}`,
    `Y=${part('tail')}`,
    `KID=$(${thumbprint})`,
    `BODY=$(printf '%s' ${shellWord(body)} | sed "s|%s|$X|; s|%s|$Y|; s|%s|$KID|")`,
    `kcadm.sh update clients/$CLIENT ${realm} -b "$BODY"`,
  ];
}

function roleLines(
  changes: readonly Change<'account-role'>[],
  { roleClient }: DesiredAccount,
  realm: string,
): string[] {
  if (changes.length === 0) return [];
  type Role = { of: string | null; name: string };
  const roles = (action: Change['action']) =>
    changes
      .filter((change) => change.action === action)
      .flatMap((change): Role[] => {
        const side = change.after ?? change.before;
        return side === null ? [] : [side];
      });
  const own = (list: readonly Role[]) => list.filter(({ of }) => of === roleClient).map(({ name }) => name);
  const [given, taken] = [own(roles('attach')), own(roles('detach'))];
  const others = roles('detach').filter(({ of }) => of !== roleClient);
  const user = `USER_ID=$(kcadm.sh get clients/$CLIENT/service-account-user ${realm} ${ID_ONLY})`;
  const role = `ROLES=$(kcadm.sh get clients ${realm} -q ${shellWord(`clientId=${roleClient}`)} ${ID_ONLY})`;
  const mapping = (verb: string, names: readonly string[]) => [
    `kcadm.sh ${verb}-roles ${realm} --uid "$USER_ID" --cclientid ${shellWord(roleClient)} ${names.map((name) => `--rolename ${shellWord(name)}`).join(' ')}`,
    `kcadm.sh ${verb === 'add' ? 'create' : 'delete'} clients/$CLIENT/scope-mappings/clients/$ROLES ${realm} -b ${shellWord(JSON.stringify(names.map((name) => ({ name }))))}`,
  ];
  return [
    user,
    role,
    ...(given.length > 0 ? mapping('add', given) : []),
    ...(taken.length > 0 ? mapping('remove', taken) : []),
    ...others.map(({ of, name }) => {
      const holder = of === null ? '' : ` --cclientid ${shellWord(of)}`;
      return `kcadm.sh remove-roles ${realm} --uid "$USER_ID"${holder} --rolename ${shellWord(name)}`;
    }),
  ];
}

/**
 * The id of a client scope. Its name is visible ASCII without quote and backslash; characters that sed reads as a
 * pattern are made literal.
 */
function findScope(name: string, realm: string): string {
  const pattern = name.replaceAll(/[.*[\]^$/]/g, '\\$&');
  const list = `kcadm.sh get client-scopes ${realm} --fields id,name --format csv --noquotes`;
  return `${list} | sed -n ${shellWord(`s/^\\([^,]*\\),${pattern}$/\\1/p`)}`;
}

function scopeLines({ before, after }: Change<'client-scope-assignment'>, realm: string): string[] {
  if (before === null || after === null) return [];
  const { scope, list: from } = before;
  const { list: to } = after;
  const at = (list: string) => `clients/$CLIENT/${list}-client-scopes/$SCOPE ${realm}`;
  return [
    `SCOPE=$(${findScope(scope, realm)})`,
    ...(from === 'none' ? [] : [`kcadm.sh delete ${at(from)}`]),
    ...(to === 'none' ? [] : [`kcadm.sh update ${at(to)} -n`]),
  ];
}

/** The lines look whether the realm has the scope that the admin API wants from 26.8.2 on: nobody looked before. */
function adminApiLines(realm: string): string[] {
  return [
    `SCOPE=$(${findScope(ADMIN_API_SCOPE, realm)})`,
    `[ -z "$SCOPE" ] || kcadm.sh update clients/$CLIENT/default-client-scopes/$SCOPE ${realm} -n`,
  ];
}

/** Adds to the list in force, which kcadm reads first: a list that is written replaces the one that is there. */
function eventsLines({ account, retentionSeconds, seen }: KcadmContext): string[] {
  const realm = `-r ${realmWord(account.target)}`;
  const added = EVENT_TYPES.map((type) => `\\"${type}\\"`).join(',');
  const kept = retentionSeconds === undefined ? '' : ` -s eventsExpiration=${retentionSeconds}`;
  const inForce = `kcadm.sh get events/config ${realm} --fields enabledEventTypes`;
  const unsure =
    '# Are events stored already, and for longer? Then leave -s eventsExpiration out of the next line.';
  return [
    `TYPES=$(${inForce} | tr -d ' \\n' | sed 's/.*\\[\\(.*\\)\\].*/\\1/')`,
    ...(seen || kept === '' ? [] : [unsure]),
    `kcadm.sh update events/config ${realm} -s eventsEnabled=true${kept} -s "enabledEventTypes=[$TYPES,${added}]"`,
  ];
}

/** The credentials file is made private before the secret goes into it; what else is in a file that is there stays. */
function fileLines({ server, account, files, keyPath }: KcadmContext, realm: string): string[] {
  const { target, realm: home, clientId } = account;
  const config = {
    KC_SERVER: server,
    KC_REALM: target,
    ...(home === target ? {} : { KC_ADMIN_REALM: home }),
  };
  const [env, json] = [shellWord(files.env.path), shellWord(files.config.path)];
  const secret = `$(kcadm.sh get clients/$CLIENT/client-secret ${realm} --fields value --format csv --noquotes)`;
  // Quoted twice: for this shell, and as a value of the file.
  const entries = Object.entries({ ...config, KC_CLIENT_ID: clientId });
  const values = entries.map(([key, value]) => `${key}=${shellWord(value)}`).map(shellWord);
  const named = shellWord(`KC_CLIENT_KEY_FILE=${shellWord(besideOf(files.env.path, keyPath))}`);
  const proof = account.signIn === 'key' ? named : `"KC_CLIENT_SECRET=${secret}"`;
  const print = `printf '%s\\n' ${values.join(' ')} ${proof}`;
  const envLines = {
    none: [],
    create: [`touch ${env} && chmod 600 ${env}`, `${print} > ${env}`],
    update: [
      // Nothing else in the file is no failure, also for a shell that stops at one.
      `OTHERS=$(grep -vE '^KC_(CLIENT_|SERVER=|REALM=|ADMIN_REALM=)' ${env} || true)`,
      `chmod 600 ${env}`,
      `{ printf '%s\\n' "$OTHERS"; ${print}; } > ${env}`,
    ],
  };
  const jsonLines = {
    none: [],
    create: [
      `printf '%s\\n' ${shellWord(JSON.stringify({ $schema: schemaUrn('config'), ...config }))} > ${json}`,
    ],
    update: [`# In ${json} set: ${JSON.stringify(config).slice(1, -1)}`],
  };
  return [...envLines[files.env.action], ...jsonLines[files.config.action]];
}
