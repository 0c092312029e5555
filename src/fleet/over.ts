import type { Context } from '../cli/command.ts';
import type { Report } from '../cli/report.ts';
import type { Style } from '../cli/style.ts';
import type { Config } from '../config/config.ts';
import { McpkcError } from '../errors.ts';
import { mapSome } from '../keycloak/connection/lists.ts';
import { visible } from '../text.ts';
import { loadFleet, problemText, readConfigFor } from './connect.ts';
import type { FleetRealm } from './fleet.ts';

/** Number of realms that are looked at at once. */
export const REALMS_AT_ONCE = 4;

/** The outcome of a look at a realm: reports of it, or of its servers; or its failure. */
export interface Looked {
  wish: FleetRealm;
  config: Config | undefined;
  reports: Report[];
  error: McpkcError | undefined;
}

/**
 * Looks at every realm of a file, some side by side: one document, one exit status. A realm that fails stops no other.
 * The worst exit status counts; a failure's comes before that of an answer.
 */
export async function lookOver(
  context: Context,
  command: string,
  files: readonly string[],
  look: (config: Config, wish: FleetRealm) => Promise<Report[]>,
): Promise<Report> {
  const loaded = await loadFleet(context, files);
  for (const note of loaded.notes) context.voice.warn(problemText(note));
  const all = await mapSome(
    loaded.fleet.realms,
    async (wish): Promise<Looked> => {
      let config: Config | undefined;
      try {
        config = await readConfigFor(context, wish);
        return { wish, config, reports: await look(config, wish), error: undefined };
      } catch (error) {
        if (!(error instanceof McpkcError) || context.signal.aborted) throw error;
        return { wish, config, reports: [], error };
      }
    },
    REALMS_AT_ONCE,
  );
  const failed = all.find(({ error }) => error !== undefined)?.error;
  const answers = all.flatMap(({ reports }) => reports.map(({ exitStatus }) => exitStatus));
  return {
    command,
    exitStatus: failed?.exitStatus ?? Math.max(0, ...answers),
    server: undefined,
    realm: undefined,
    document: { files: loaded.fleet.files, realms: all.map(documentOf) },
    text: (style) => all.map((one) => textOf(one, style)).join('\n'),
  };
}

function documentOf({ wish, config, reports, error }: Looked): Record<string, unknown> {
  return {
    profile: wish.profile ?? null,
    server: config?.server ?? null,
    realm: config?.realm ?? null,
    at: wish.at,
    ok: error === undefined && reports.every(({ exitStatus }) => exitStatus === 0),
    error:
      error === undefined
        ? null
        : { code: error.code, message: error.message, fix: error.fix, exitStatus: error.exitStatus },
    reports: reports.map(({ exitStatus, document }) => ({ ok: exitStatus === 0, exitStatus, ...document })),
  };
}

function textOf({ wish, config, reports, error }: Looked, style: Style): string {
  const place = config === undefined ? '' : ` realm ${visible(config.realm ?? '')} at ${config.server}`;
  const name = `${wish.profile ?? 'the configured realm'}:${place}`;
  const lines = error === undefined ? [] : [`${error.code}: ${error.message}`, ...error.fix.split('\n')];
  const failure = lines.map((line, at) => `  ${at === 0 ? style.red('✗') : ' '} ${visible(line)}\n`).join('');
  const title = error === undefined ? '' : `${style.bold(name)}\n`;
  return `${title}${failure}${reports.map((one) => one.text(style)).join('\n')}`;
}

/** Names of the products that servers of a realm let register. */
export function listRegisteringProducts({ servers }: Pick<FleetRealm, 'servers'>): string[] {
  const all = servers.flatMap(({ products }) => products);
  return [...new Set(all.filter(({ by }) => by === 'registration').flatMap(({ preset }) => preset ?? []))];
}
