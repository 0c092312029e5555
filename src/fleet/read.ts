import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { PROFILE_NAME } from '../config/find-file.ts';
import { profileVariable } from '../config/profile.ts';
import { nearMiss } from '../names/nearest.ts';
import { parseResource } from '../names/resource-url.ts';
import { PRESETS } from '../products/index.ts';
import { patternProblem } from '../products/pattern.ts';
import { SELF_HOSTED } from '../products/self-hosted.ts';
import { isReservedRole } from '../realm/access.ts';
import { isScopeName, NO_SCOPE_NAME } from '../realm/mcp-scope.ts';
import { brief, visible } from '../text.ts';
import type {
  FilePlace,
  FileProblem,
  Fleet,
  FleetProduct,
  FleetRealm,
  FleetRetired,
  FleetServer,
} from './fleet.ts';
import { type FileProduct, type FileServer, type FleetFile, fleetSchema } from './schema.ts';

/** A file's text and its name. */
export interface FileText {
  file: string;
  text: string;
}

/** The fleet in the files, or every problem in them at once; notes stop nothing. */
export interface ReadFleet {
  fleet: Fleet;
  problems: FileProblem[];
  notes: FileProblem[];
}

type Path = readonly (string | number)[];

/** A function that finds a place in a file, by the path in the document. */
type PlaceOf = (path: Path, isKey?: boolean) => FilePlace;

/**
 * Reads files of MCP servers, YAML 1.2 or JSON. All faults are reported at once, each with line and column: syntax,
 * shape, and contradictions. Pure; nothing that the files name is read or asked. `presets`: names of products that the
 * configuration adds. Where no configuration was read it is undefined, and an unknown product is a note.
 */
export function readFleet(texts: readonly FileText[], presets?: readonly string[]): ReadFleet {
  const read = texts.map((one) => readFile(one, presets));
  const fleet = {
    files: texts.map(({ file }) => file),
    realms: merged(read.flatMap(({ realms }) => realms)),
  };
  const problems = read.flatMap((one) => one.problems);
  // Contradictions are reported once the shape is right.
  if (problems.length === 0) problems.push(...contradictions(fleet));
  return { fleet, problems: inOrder(problems), notes: inOrder(read.flatMap(({ notes }) => notes)) };
}

/** From top to bottom, file after file. */
function inOrder(problems: readonly FileProblem[]): FileProblem[] {
  const files = [...new Set(problems.map(({ at }) => at.file))];
  return [...problems].sort(
    ({ at: a }, { at: b }) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

interface ReadFile {
  realms: FleetRealm[];
  problems: FileProblem[];
  notes: FileProblem[];
}

/** A document with more aliases is not a fleet: a file of a few lines must not grow to fill the memory. */
const MOST_ALIASES = 100;

function readFile({ file, text }: FileText, presets: readonly string[] | undefined): ReadFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, version: '1.2' });
  const placeAt = (offset: number): FilePlace => {
    const { line, col } = counter.linePos(offset);
    return { file, line, column: col };
  };
  const syntax = [...document.errors, ...document.warnings].map(
    ({ pos, code, message }): FileProblem => ({
      at: placeAt(pos[0]),
      message: brief(SYNTAX[code] ?? (TOO_DEEP.test(message) ? DEEP : message), 300),
    }),
  );
  const strange = text.search(NO_TEXT);
  if (strange >= 0) syntax.unshift({ at: placeAt(strange), message: 'this is no text in UTF-8' });
  const placeOf: PlaceOf = (path, isKey) => placeAt(offsetOf(document, path, isKey));
  if (syntax.length > 0) return { realms: [], problems: syntax, notes: [] };
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    const message =
      error instanceof ReferenceError
        ? `more than ${MOST_ALIASES} aliases, or aliases in aliases: it would grow to fill the memory`
        : error instanceof Error
          ? error.message
          : String(error);
    return { realms: [], problems: [{ at: placeOf([]), message: brief(message, 300) }], notes: [] };
  }
  const shaped = fleetSchema.safeParse(content);
  if (shaped.success) return realmsOf(shaped.data, placeOf, presets);
  const problems = shaped.error.issues.flatMap((issue) => issueProblems(issue, [], placeOf));
  const values = valueProblems(content, shaped.error.issues, placeOf, presets);
  const isKnown = ({ at }: FileProblem) =>
    problems.some((one) => one.at.line === at.line && one.at.column === at.column);
  return { realms: [], problems: [...problems, ...values.filter((one) => !isKnown(one))], notes: [] };
}

/** Faults of YAML whose message is meant for programmers, in words. */
const SYNTAX: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document begins here: put it into a file of its own, and name both with -f',
};
const TOO_DEEP = /stack/i;
const DEEP = 'it is nested too deeply';
/** Characters of another encoding, and those that YAML never has. */
const NO_TEXT = /[\0\uFFFD]/;

/** Values that stand in for wrong ones, so that the rest of a file can be judged: of lists' elements, and of keys. */
const PLACE = 'https://stand-in.invalid/mcp';
const ELEMENTS: Readonly<Record<string, unknown>> = {
  realms: {},
  servers: { resource: PLACE },
  retired: PLACE,
  roles: 'stand-in',
  products: PRESETS[0]?.name,
  redirectUris: PLACE,
};
const NEEDED: Readonly<Record<string, unknown>> = { realms: [{}], resource: PLACE, by: 'client' };
/** Rounds of putting stand-ins in: a choice shows the faults of the form that was meant once the form is right. */
const ROUNDS = 4;

/** Problems of the values of a file whose shape is wrong elsewhere. The content is changed. */
function valueProblems(
  content: unknown,
  issues: readonly Issue[],
  placeOf: PlaceOf,
  presets: readonly string[] | undefined,
): FileProblem[] {
  let left = issues;
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const issue of left) putStandIn(content, issue, []);
    const shaped = fleetSchema.safeParse(content);
    if (shaped.success) return realmsOf(shaped.data, placeOf, presets).problems;
    left = shaped.error.issues;
  }
  return [];
}

/** Puts a stand-in where an issue is. */
function putStandIn(content: unknown, issue: Issue, above: Path): void {
  const path = [...above, ...(issue.path as Path)];
  const meant = issue.code === 'invalid_union' ? meantOf(issue) : undefined;
  if (meant) {
    for (const one of meant) putStandIn(content, one, path);
    return;
  }
  const gone = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
  for (const one of gone) {
    const parent = one
      .slice(0, -1)
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], content);
    const key = one.at(-1);
    if (typeof parent !== 'object' || parent === null || key === undefined) continue;
    const at = parent as Record<string | number, unknown>;
    const list = String(one.at(-2));
    if (Array.isArray(parent)) at[key] = ELEMENTS[list];
    else if (Object.hasOwn(NEEDED, key)) at[key] = NEEDED[key];
    else delete at[key];
  }
}

/** The place where a value, or a map's key, begins; for a missing one, that of its nearest parent. */
function offsetOf(document: Document, path: Path, isKey = false): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (length > 0 && isMap(parent) && (isKey || length < path.length)) {
      const pair = parent.items.find((one) => isScalar(one.key) && String(one.key.value) === String(key));
      const range = (pair?.key as Node | undefined)?.range;
      if (range) return range[0];
    }
    const range = (document.getIn(path.slice(0, length), true) as Node | undefined)?.range;
    if (range) return range[0];
  }
  return 0;
}

type Issue = z.core.$ZodIssue;

function pathText(path: Path): string {
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join('');
}

/** The fault in the shape, in words; for a choice, the fault in the form that was meant. */
function issueProblems(issue: Issue, above: Path, placeOf: PlaceOf): FileProblem[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'invalid_union') {
    const meant = meantOf(issue);
    if (meant) return meant.flatMap((one) => issueProblems(one, path, placeOf));
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = KEYS[keysAt(path)] ?? [];
      const near = nearMiss(key, known);
      const like = near === undefined ? `; there are: ${known.join(', ')}` : `; did you mean ${near}?`;
      return {
        at: placeOf([...path, key], true),
        message: `${visible(pathText([...path, key]))}: no such key${like}`,
      };
    });
  }
  const where = path.length === 0 ? '' : `${visible(pathText(path))}: `;
  return [{ at: placeOf(path), message: `${where}${issue.message}` }];
}

/** The faults in the form of a choice that was meant. */
function meantOf({ errors }: Extract<Issue, { code: 'invalid_union' }>): readonly Issue[] | undefined {
  return errors.find((branch) => branch.length > 0 && branch.every((one) => isInner(one)));
}

/** Whether an issue is about a part of the form, so that the form itself was meant. */
function isInner({ code, path }: Issue): boolean {
  return path.length > 0 || code === 'unrecognized_keys';
}

const SERVER_KEYS = ['resource', 'mode', 'attach', 'shared', 'scope', 'access', 'roles', 'products'];
const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': ['$schema', 'defaults', 'realms'],
  defaults: ['mode', 'access', 'roles', 'products', 'harden'],
  realms: ['profile', 'realm', 'server', 'harden', 'servers', 'retired'],
  servers: SERVER_KEYS,
  products: ['preset', 'by', 'clientId', 'redirectUris'],
};

/** The list that an object stands in: the last word of its path. */
function keysAt(path: Path): string {
  return String(path.filter((part) => typeof part === 'string').at(-1) ?? '');
}

function realmsOf(data: FleetFile, placeOf: PlaceOf, presets: readonly string[] | undefined): ReadFile {
  const problems: FileProblem[] = [];
  const notes: FileProblem[] = [];
  const complain = (path: Path, message: string) =>
    problems.push({ at: placeOf(path), message: `${pathText(path)}: ${message}` });
  const { defaults = {} } = data;
  if (defaults.access !== undefined && defaults.roles !== undefined)
    complain(['defaults', 'roles'], 'access: anybody stands beside it; leave one of the two out');
  const resource = (path: Path, written: string): string => {
    const read = parseResource(written);
    if ('value' in read) return read.value;
    complain(path, `${read.problem} (${brief(written, 80)}). ${read.fix}`);
    return written;
  };
  const product = (one: FileProduct, path: Path): FleetProduct => {
    const said = typeof one === 'string' ? { preset: one, by: 'registration' as const } : one;
    const { preset, by, clientId, redirectUris = [] } = said as Exclude<FileProduct, string>;
    productProblems({ preset, by, clientId, redirectUris }, presets).forEach(({ part, message, isNote }) => {
      const at = typeof one === 'string' || part === undefined ? path : [...path, part];
      if (isNote) notes.push({ at: placeOf(at), message: `${pathText(at)}: ${message}` });
      else complain(at, message);
    });
    return { preset, by, clientId, redirectUris, at: placeOf(path) };
  };
  const productsOf = (one: FileServer, path: Path): FleetProduct[] => {
    const [list, above]: [readonly FileProduct[], Path] = one.products
      ? [one.products, [...path, 'products']]
      : [defaults.products ?? [], ['defaults', 'products']];
    return list.map((each, at) => product(each, [...above, at]));
  };
  const server = (one: FileServer, path: Path): FleetServer => {
    if (one.scope !== undefined && !isScopeName(one.scope)) complain([...path, 'scope'], NO_SCOPE_NAME);
    if (one.access !== undefined && one.roles !== undefined)
      complain([...path, 'roles'], 'access: anybody stands beside it; leave one of the two out');
    const own = one.access !== undefined || one.roles !== undefined ? one : defaults;
    const rolesAt: Path = own === one ? [...path, 'roles'] : ['defaults', 'roles'];
    for (const [index, message] of roleProblems(own.roles ?? [])) complain([...rolesAt, index], message);
    const mode = one.mode ?? defaults.mode;
    if (one.attach !== undefined && mode !== 'standing')
      complain([...path, 'attach'], 'it belongs to mode: standing; an adopted server’s scope is optional');
    if (one.shared !== undefined && mode !== 'standing')
      complain([...path, 'shared'], 'it belongs to mode: standing');
    return {
      resource: resource([...path, 'resource'], one.resource),
      mode,
      attach: one.attach,
      shared: one.shared === true,
      scope: one.scope,
      access:
        own.roles !== undefined
          ? { roles: [...new Set(own.roles)] }
          : own.access === undefined
            ? undefined
            : 'anybody',
      products: productsOf(one, path),
      at: placeOf(path),
    };
  };
  const realms = data.realms.map((one, at): FleetRealm => {
    const path = ['realms', at];
    if (one.profile !== undefined && !PROFILE_NAME.test(one.profile))
      complain([...path, 'profile'], 'a profile’s name has letters, digits, ".", "_" and "-"');
    return {
      profile: one.profile,
      realm: one.realm,
      server: one.server,
      harden: one.harden ?? defaults.harden ?? true,
      servers: (one.servers ?? []).map((each, index) => server(each, [...path, 'servers', index])),
      retired: (one.retired ?? []).map((url, index): FleetRetired => {
        const where = [...path, 'retired', index];
        return { resource: resource(where, url), at: placeOf(where) };
      }),
      at: placeOf(path),
    };
  });
  // A default that several servers use is judged once.
  const distinct = (all: FileProblem[]) => [
    ...new Map(all.map((one) => [JSON.stringify(one), one])).values(),
  ];
  return { realms, problems: distinct(problems), notes: distinct(notes) };
}

function roleProblems(roles: readonly string[]): [number, string][] {
  return roles.flatMap((name, at): [number, string][] => {
    if (name === '' || name.length > 255) return [[at, 'a role’s name has 1 to 255 characters']];
    if (isReservedRole(name)) return [[at, `${visible(name)} is one of mcpkc’s own roles`]];
    return [];
  });
}

interface ProductProblem {
  part: string | undefined;
  message: string;
  isNote?: true;
}

function productProblems(
  { preset, by, clientId, redirectUris }: Omit<FleetProduct, 'at'>,
  own: readonly string[] | undefined,
): ProductProblem[] {
  const problems: ProductProblem[] = [];
  const known = PRESETS.find(({ name }) => name === preset);
  if (preset === undefined) {
    if (by !== 'client') problems.push({ part: 'by', message: 'without a preset it can only be client' });
    if (clientId === undefined)
      problems.push({ part: undefined, message: 'without a preset it takes a clientId' });
    if (redirectUris.length === 0)
      problems.push({ part: undefined, message: 'without a preset it takes redirectUris' });
  } else if (!known && !(own ?? []).includes(preset)) {
    const near = nearMiss(preset, [...PRESETS.map(({ name }) => name), ...(own ?? [])]);
    const hosted = SELF_HOSTED.some(({ name }) => name === preset);
    const name = brief(preset, 60);
    const more = near
      ? `; did you mean ${near}?`
      : hosted
        ? '; one that runs on a host of your own needs a preset in the configuration'
        : '; mcpkc presets lists them';
    // A profile's configuration may have presets of its own; a typing error is reported all the same.
    problems.push(
      own === undefined && !near
        ? {
            part: 'preset',
            message: `mcpkc has no client preset ${name} (mcpkc presets lists them): the profile’s configuration must have it`,
            isNote: true,
          }
        : { part: 'preset', message: `there is no client preset ${name}${more}` },
    );
  }
  if (by === 'registration' && (clientId !== undefined || redirectUris.length > 0))
    problems.push({ part: 'by', message: 'clientId and redirectUris belong to by: client or document' });
  if (by === 'document' && known && known.cimdUrl === undefined)
    problems.push({
      part: 'by',
      message: `${known.title} has no client id metadata document that mcpkc knows`,
    });
  if (clientId !== undefined && !/^[\x21-\x7e]{1,255}$/.test(clientId))
    problems.push({ part: 'clientId', message: 'visible ASCII without blanks, at most 255 characters' });
  for (const uri of redirectUris) {
    const problem = patternProblem(uri) ?? (uri.includes('{id}') ? '{id} is not exact' : undefined);
    if (problem !== undefined)
      problems.push({ part: 'redirectUris', message: `${brief(uri, 200)} ${problem}` });
  }
  return problems;
}

/** Realms of several files that are one and the same are one. */
function merged(realms: readonly FleetRealm[]): FleetRealm[] {
  const all: FleetRealm[] = [];
  for (const one of realms) {
    const same = all.find(
      (other) => other.at.file !== one.at.file && other.profile === one.profile && other.realm === one.realm,
    );
    if (!same) {
      all.push({ ...one });
      continue;
    }
    same.servers = [...same.servers, ...one.servers];
    same.retired = [...same.retired, ...one.retired];
    same.harden = same.harden && one.harden;
    same.server ??= one.server;
  }
  return all;
}

/** Combinations that can't hold at once. */
function contradictions({ realms }: Fleet): FileProblem[] {
  return [
    ...twice(realms, ({ profile, realm }) =>
      JSON.stringify([profile === undefined ? null : profileVariable(profile), realm ?? null]),
    ).map(([one, first]) => ({
      at: one.at,
      message: `this realm is there already (line ${first.at.line}): the same profile, spelled as variables are`,
    })),
    ...realms.flatMap(realmContradictions),
  ];
}

function realmContradictions({ servers, retired }: FleetRealm): FileProblem[] {
  const again = (one: { at: FilePlace }, first: { at: FilePlace }, what: string): FileProblem => ({
    at: one.at,
    message: `${what} is there already (${first.at.file}:${first.at.line})`,
  });
  const standing = servers.filter(({ mode }) => mode === 'standing');
  return [
    ...twice(servers, ({ resource }) => resource).map(([one, first]) => again(one, first, one.resource)),
    ...twice(
      servers.filter(({ scope }) => scope !== undefined),
      ({ scope }) => scope ?? '',
    ).map(([one, first]) => again(one, first, `the scope ${one.scope}`)),
    ...servers.flatMap(({ products }) =>
      twice(products, ({ preset, by, clientId }) => JSON.stringify([preset, by, clientId])).map(
        ([one, first]) => again(one, first, `${one.preset ?? one.clientId} by ${one.by}`),
      ),
    ),
    ...retired.flatMap((one) => {
      const kept = servers.find(({ resource }) => resource === one.resource);
      return kept
        ? [
            {
              at: one.at,
              message: `${one.resource} is retired, and a server (${kept.at.file}:${kept.at.line})`,
            },
          ]
        : [];
    }),
    ...(standing.length < 2
      ? []
      : standing
          .slice(1)
          .filter(({ shared }) => !shared)
          .map((one) => ({
            at: one.at,
            message: `${one.resource}: tokens for it would open the other standing servers of the realm, too (${standing[0]?.resource}). Write shared: true to agree, or mode: adopted`,
          }))),
  ];
}

/** Entries whose key came before, each with the first of them. */
function twice<T>(all: readonly T[], keyOf: (one: T) => string): [T, T][] {
  const first = new Map<string, T>();
  return all.flatMap((one): [T, T][] => {
    const key = keyOf(one);
    const there = first.get(key);
    if (there === undefined) first.set(key, one);
    return there === undefined ? [] : [[one, there]];
  });
}
