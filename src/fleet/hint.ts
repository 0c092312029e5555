import { stringify } from 'yaml';
import type { Context } from '../cli/command.ts';
import type { Config } from '../config/config.ts';
import { type RoleName, roleLabel } from '../realm/access.ts';
import type { Mode } from '../realm/marks.ts';
import { visible } from '../text.ts';
import { USUAL_FILES } from './connect.ts';
import type { FleetProduct, FleetServer } from './fleet.ts';
import { readFleet } from './read.ts';
import type { FileServer } from './schema.ts';

/** The state of a server after a command, as far as the file of this folder may differ. */
export interface Done {
  resource: string;
  scope: string;
  /** Undefined where the command doesn't set it. */
  mode?: Mode | undefined;
  /** The people who may use it now: everybody where `gates` is undefined. */
  access?: { gates: readonly RoleName[] | undefined };
  /** The same where the command leaves it as it is: a server that is new to the file must name it. */
  accessNow?: { gates: readonly RoleName[] | undefined };
  /** Products that connect now, and how. */
  products?: readonly Pick<FleetProduct, 'preset' | 'by'>[];
  /** The server, or these products, are gone. */
  removed?: 'server' | readonly Pick<FleetProduct, 'preset' | 'by'>[];
}

/**
 * Warns where a file of MCP servers in this folder would undo what a command did, or doesn't name it. Shows the lines
 * to write. A file that can't be read, or that is about other realms, is passed over.
 */
export async function noteFile(
  { io, voice }: Pick<Context, 'io' | 'voice'>,
  { profile }: Pick<Config, 'profile'>,
  done: Done,
): Promise<void> {
  const found = await fileHere(io);
  if (found === undefined) return;
  const { fleet, problems } = readFleet([found]);
  const realm = fleet.realms.find((one) => one.profile === profile);
  if (problems.length > 0 || realm === undefined) return;
  const server = realm.servers.find(({ resource }) => resource === done.resource);
  const undone = server === undefined ? [] : undoneBy(server, done);
  const file = visible(found.file);
  if (undone.length > 0) {
    const lines = done.removed === 'server' ? '' : `\nTo keep it, write:\n${linesOf(done, server)}`;
    voice.warn(`${file} undoes this when it is applied: it has ${undone.join(' and ')}.${lines}`);
    return;
  }
  const isNamed = server !== undefined && (done.products ?? []).every((one) => names(server, one));
  if (isNamed || done.removed !== undefined) return;
  voice.note(
    `${file} doesn’t name this; when it is applied, this stays as it is. To have it in the file:\n${linesOf(done, server)}`,
  );
}

async function fileHere(io: Context['io']): Promise<{ file: string; text: string } | undefined> {
  for (const file of USUAL_FILES) {
    const text = await io.files.read(file).catch(() => undefined);
    if (text !== undefined) return { file, text };
  }
  return undefined;
}

const names = ({ products }: FleetServer, { preset, by }: Pick<FleetProduct, 'preset' | 'by'>) =>
  products.some((one) => one.preset === preset && one.by === by);

/** Differences between the file and the command's result. */
function undoneBy(server: FleetServer, { mode, access, removed }: Done): string[] {
  if (removed === 'server') return ['it under servers (move its URL to retired)'];
  const gone = (removed ?? []).filter((one) => names(server, one));
  const before = server.access === 'anybody' ? undefined : server.access?.roles;
  const now = access?.gates?.map(roleLabel);
  const isSame = JSON.stringify([...(before ?? [])].sort()) === JSON.stringify([...(now ?? [])].sort());
  const differs =
    access !== undefined &&
    server.access !== undefined &&
    ((before === undefined) !== (now === undefined) || !isSame);
  return [
    ...(mode !== undefined && server.mode !== undefined && server.mode !== mode
      ? [`mode: ${server.mode}`]
      : []),
    ...(differs
      ? [before === undefined ? 'access: anybody' : `roles: [${before.map(visible).join(', ')}]`]
      : []),
    ...gone.map(({ preset, by }) => `${preset} by ${by}`),
  ];
}

/** The server's entry as it should stand in the file: the present one, with what the command did. */
function linesOf(
  { resource, scope, mode, access: changed, accessNow, products = [] }: Done,
  server: FleetServer | undefined,
): string {
  const kept = server?.products ?? [];
  const all = [...kept, ...products.filter((one) => server === undefined || !names(server, one))];
  const wayOf = ({ preset, by, ...rest }: Pick<FleetProduct, 'preset' | 'by'> & Partial<FleetProduct>) =>
    by === 'registration' && preset !== undefined
      ? preset
      : {
          ...(preset === undefined ? {} : { preset }),
          by,
          ...(rest.clientId === undefined ? {} : { clientId: rest.clientId }),
          ...(rest.redirectUris?.length ? { redirectUris: rest.redirectUris } : {}),
        };
  const access = changed ?? (server === undefined ? accessNow : undefined);
  const gates = access?.gates?.map(roleLabel);
  const who: Pick<FileServer, 'access' | 'roles'> =
    access === undefined
      ? server?.access === undefined
        ? {}
        : server.access === 'anybody'
          ? { access: 'anybody' }
          : { roles: [...server.access.roles] }
      : gates === undefined
        ? { access: 'anybody' }
        : { roles: gates };
  const shownMode = mode ?? server?.mode;
  const entry = {
    resource,
    ...(shownMode === undefined ? {} : { mode: shownMode }),
    scope: server?.scope ?? scope,
    ...who,
    ...(all.length === 0 ? {} : { products: all.map(wayOf) }),
  };
  return stringify([entry], { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => `      ${visible(line)}`)
    .join('\n');
}
