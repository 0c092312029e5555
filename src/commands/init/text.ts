import type { Style } from '../../cli/style.ts';
import type { Plan } from '../../plan/plan.ts';
import { planText } from '../../plan/text.ts';
import { count, keepAsIs, visible, wrap } from '../../text.ts';

/** The answer of `init`. */
export interface InitAnswer {
  server: string;
  realm: string;
  account: { clientId: string; realm: string; roles: readonly string[]; excess: readonly string[] };
  plan: Plan;
  dryRun: boolean;
  files: { path: string; action: 'create' | 'update' | 'none'; keys: readonly string[] }[];
  /** Lines for a shell, with `--dry-run`. */
  kcadm: readonly string[];
  /** Whether Keycloak was read; without an administrator the plan starts from nothing. */
  seen: boolean;
  /** Sentences that come last. */
  next: readonly string[];
}

/** The text: header, plan, files, roles in excess, kcadm lines, and the next step. */
export function initText(answer: InitAnswer, style: Style): string {
  const { server, realm, account, plan, kcadm, next } = answer;
  const home = account.realm === realm ? '' : ` (it lives in ${visible(account.realm)})`;
  const header = `Service account ${style.bold(visible(account.clientId))} for realm ${style.bold(visible(realm))} at ${server}${home}\n`;
  return [
    header,
    plan.length === 0 ? '' : `\n${planText(plan, style)}`,
    '\n',
    outcome(answer, style),
    fileLines(answer, style),
    excessLines(answer, style),
    kcadm.length === 0 ? '' : `\n${style.bold('The same with kcadm.sh')}\n${keepAsIs(kcadm.join('\n'))}\n`,
    next.length === 0 ? '' : `\n${next.map((line) => `${wrap(line, style.width)}\n`).join('')}`,
  ].join('');
}

/** A change that every run makes, so that it counts as none: nobody can see whether such a token is there. */
const WITHDRAWN = ' Nobody can change the account by a registration access token: such tokens are revoked.';

function outcome({ plan, dryRun, seen, account, files }: InitAnswer, style: Style): string {
  const roles = account.roles.join(', ');
  const changes = count(plan.length, 'change');
  const written = files.some(({ action }) => action !== 'none');
  if (dryRun && (plan.length > 0 || written)) {
    const assumed = seen ? '' : ' Nobody signed in, so this is the plan where nothing is there yet.';
    const text = `${changes} would be made in Keycloak; nothing was written (--dry-run).${assumed}`;
    return `${style.yellow('!')} ${wrap(text, style.width - 2, '  ').trimStart()}\n`;
  }
  const text =
    plan.length === 0
      ? `Everything in Keycloak is as it should be. Roles: ${roles}.${dryRun ? '' : WITHDRAWN}`
      : `${changes} made. Roles: ${roles}.${WITHDRAWN} Signed in as the account; each of these roles reads what it must.`;
  return `${style.green('✓')} ${wrap(text, style.width - 2, '  ').trimStart()}\n`;
}

function fileLines({ files, dryRun }: InitAnswer, style: Style): string {
  return files
    .map(({ path, action, keys }) => {
      const what = {
        none: 'is right as it is',
        create: dryRun ? 'would be made' : 'made',
        update: `${dryRun ? 'would change' : 'changed'}: ${keys.join(', ')}`,
      }[action];
      const mark = action === 'none' || !dryRun ? style.green('✓') : style.yellow('!');
      return `${mark} ${style.bold(visible(path))} ${what}\n`;
    })
    .join('');
}

function excessLines({ account, plan, dryRun }: InitAnswer, style: Style): string {
  if (account.excess.length === 0) return '';
  const list = account.excess.map(visible).join(', ');
  const removes = plan.some(({ kind, action }) => kind === 'account-role' && action === 'detach');
  if (removes && !dryRun) return '';
  const text = removes
    ? `In excess, and to be removed: ${list}.`
    : `In excess, and left as it is: ${list}. mcpkc doesn’t need it; --exact removes it.`;
  return `${style.yellow('!')} ${wrap(text, style.width - 2, '  ').trimStart()}\n`;
}
