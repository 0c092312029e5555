import type { Edits } from './edits.ts';

/** How one kind of addition is made; `make` gives what a person has to do then. */
export interface Stub {
  name: RegExp;
  like: string;
  make(edits: Edits, name: string): string[];
}

const KEBAB = { name: /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, like: 'write it like my-name' };

const camel = (name: string) =>
  name.replaceAll(/-([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
const pascal = (name: string) => camel(name).replace(/^./, (letter) => letter.toUpperCase());

const product: Stub = {
  ...KEBAB,
  make(edits, name) {
    const path = `src/products/${name}.ts`;
    edits.make(
      path,
      `import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** TODO: what it is, as people call it. */
export const ${camel(name)}: Preset = {
  name: '${name}',
  title: TODO, // as people call it
  clientNames: TODO, // the client_name that it registers with
  redirectUris: [redirect(TODO)], // '<port>' where it picks its own
  trustedHosts: TODO, // hosts of its redirect URIs and of client_uri
  sendsScope: 'unknown',
  scopes: { from: ['challenge', 'metadata'], offline: false, registers: 'same' },
  registration: {
    client_name: TODO,
    redirect_uris: TODO,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: TODO,
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'unknown',
  registersTwice: 'unknown',
  registersPerLogin: 'unknown',
  reregisters: 'unknown',
  connect: TODO, // a line per step; {mcp} is the URL, {name} a short name
  notes: [],
  sources: TODO, // every constant has a source: url, what, seen (yyyy-mm-dd), certainty
};
`,
    );
    edits.append('src/products/all.ts', `export { ${camel(name)} } from './${name}.ts';\n`);
    return [
      `${path}: the constants, each with its source`,
      `npm run capture -- ${name}: its client as Keycloak returns it, for test/unit/clients/ (red until then)`,
      'test/unit/clients/ and test/unit/products/ hold it to the rules of all products',
      `npm run record -- ${name}: a driver in test/products/real/products.ts records what it sends`,
      'npm run docs -- --no-screens: the tables of products',
    ];
  },
};

const finding: Stub = {
  name: /^[a-z][a-z-]*\/[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/,
  like: 'write it like scopes/SCOPE_TOO_LONG: a file of src/findings/, and the code',
  make(edits, name) {
    const [group = '', code = ''] = name.split('/');
    const path = `src/findings/${group}.ts`;
    if (edits.read(path)?.includes(`'${code}'`)) edits.refuse(`${code} is there already.`);
    const rule = camel(code.toLowerCase().replaceAll('_', '-'));
    edits.insert(
      path,
      /^\/\*\*[^\n]*\*\/\nexport const \w+: RuleGroup/m,
      `const ${rule}: Rule = {
  code: '${code}',
  severity: TODO, // 'error': a connector fails, or anybody gets in; 'warning'; 'info'
  needs: TODO, // the parts that have to be visible to judge
  explanation: {
    what: TODO, // what it is, and what people see because of it
    cause: TODO,
    fix: TODO, // in words; the command itself is the finding's fix
    sources: TODO,
  },
  find: (seen) => TODO(seen), // { subject, message, fix }; fixes.ts has the usual fixes
};

`,
    );
    edits.insert(path, /^ {2}rules: \[/m, `${rule}, `, 'after');
    edits.make(
      `test/unit/status/${code.toLowerCase().replaceAll('_', '-')}.test.ts`,
      `import { describe, expect, it } from 'vitest';
import { GROUPS } from '../../../src/findings/index.ts';

const rule = GROUPS.flatMap(({ rules }) => rules).find(({ code }) => code === '${code}');

// test/unit/status/seen.ts makes a realm to look at.
describe('${code}', () => {
  it('is found where it should be, with a fix that can be run', () => {
    expect(rule?.find(TODO)).toEqual([TODO]);
  });

  it('is not found where all is right', () => {
    expect(rule?.find(TODO)).toEqual([]);
  });
});
`,
    );
    return [
      `${path}: the rule`,
      `test/keycloak/status/: a stage for ${code} in error-stages.ts or warning-stages.ts (test/unit/tables.test.ts is red until then); the law runs its fix as printed`,
      'src/commands/runbook/boxes.ts, where it can stop a connector',
      'npm run docs -- --no-screens: docs/reference.md',
    ];
  },
};

const check: Stub = {
  name: /^[a-z][a-z-]*\/(?:META|CHAL|PRM|ASM|REG|AUTHZ|TOK|MCP|LOG)(?:-[A-Z0-9]+)+$/,
  like: 'write it like mcp/MCP-PING: a file of src/checks/ with a step, and the id in one of the groups',
  make(edits, name) {
    const [file = '', id = ''] = name.split('/');
    const path = `src/checks/${file}.ts`;
    if (edits.read(path)?.includes(`'${id}'`)) edits.refuse(`${id} is there already.`);
    const own = camel(id.toLowerCase().split('-').slice(1).join('-'));
    const found = /export const \w+: Step<'([\w-]+)'>/.exec(edits.read(path) ?? '');
    edits.insert(
      path,
      /^\/\*\*[^\n]*\*\/\nexport const \w+: Step<'[\w-]+'>/m,
      `const ${own}: Check = {
  id: '${id}',
  title: TODO, // what is true when it passes
  severity: TODO, // 'must', 'should' or 'info'
  needs: TODO, // ids of checks that must pass for this one to mean anything
  spec: TODO, // where it is written
  cause: TODO, // why it usually fails
  fix: TODO, // and what then fixes it
  judge: judgeBy('${found?.[1] ?? 'TODO'}', (evidence) => TODO(evidence)), // pass(), fail(), notRun(), skipped()
};

`,
    );
    edits.insert(path, /^ {2}checks: \[/m, `${own}, `, 'after');
    edits.make(
      `test/unit/validate/${id.toLowerCase()}.test.ts`,
      `import { expect, it } from 'vitest';
import { CHECKS } from '../../../src/checks/index.ts';

const check = CHECKS.find(({ id }) => id === '${id}');

// Evidence is a literal: a check does no I/O.
it.each([
  ['pass', TODO],
  ['fail', TODO],
] as const)('${id}: %s', (outcome, evidence) => {
  expect(check?.judge(evidence)).toMatchObject({ outcome });
});
`,
    );
    if (!/import \{[^}]*\bjudgeBy\b[^}]*\} from '\.\/step\.ts'/.test(edits.read(path) ?? ''))
      edits.addImport(path, "import { judgeBy } from './step.ts';");
    return [
      `${path}: the check; what it judges is recorded by src/checks/probes/`,
      `test/support/hosts/faults/: a server that breaks ${id} and nothing else (test/unit/tables.test.ts is red until then)`,
      'npm run docs -- --no-screens: docs/reference.md',
    ];
  },
};

const kind: Stub = {
  ...KEBAB,
  make(edits, name) {
    const [own, type] = [camel(name), pascal(name)];
    edits.make(
      `src/plan/kinds/${name}.ts`,
      `import { write${type} } from '../../keycloak/write/write-${name}.ts';
import type { Kind } from './kind.ts';

declare module '../desired.ts' {
  interface Desired {
    /** TODO: the wish, for any number of them. */
    ${own}?: TODO;
  }
}

/** The fields that mcpkc owns of it. */
export interface Owned${type} {
  TODO: TODO;
}

/** TODO: what it is, and what it is for. */
export const ${own}: Kind<'${name}', Owned${type}, '${own}'> = {
  title: TODO, // as a plan's line calls it
  isRemembered: TODO, // whether its state before mcpkc is put back
  isRealmList: TODO, // whether it is a list of the realm that is edited as a whole
  joins: { ${own}: TODO }, // how the wishes of several servers become one: join.ts
  diff: ({ ${own}: wanted }, snapshot) => TODO(wanted, snapshot), // changes; [] where all is right
  write: (change, { keycloak }) => write${type}(keycloak, change),
};
`,
    );
    edits.make(
      `src/keycloak/write/write-${name}.ts`,
      `import type { Change } from '../../plan/plan.ts';
import type { Keycloak } from '../connection/connect.ts';

/** Writes one change: looks ids up now, writes, reads back where others write too. */
export async function write${type}(keycloak: Keycloak, change: Change<'${name}'>): Promise<void> {
  await keycloak.replace({ what: TODO, role: TODO }, (admin) => TODO(admin, change));
}
`,
    );
    edits.make(
      `test/unit/kinds/${name}.test.ts`,
      `import { expect, it } from 'vitest';
import { planFor } from '../../../src/plan/kinds/index.ts';

it('${name}: what differs is planned, and what is right is not', () => {
  expect(planFor({ ${own}: TODO }, TODO)).toEqual([TODO]);
  expect(planFor({ ${own}: TODO }, TODO)).toEqual([]);
});
`,
    );
    edits.addImport('src/plan/kinds/all.ts', `import { ${own} } from './${name}.ts';`);
    edits.insert('src/plan/kinds/all.ts', /^\};/m, `  '${name}': ${own},\n`);
    return [
      `src/plan/kinds/${name}.ts: the wish, its joining, the diff; src/keycloak/write/write-${name}.ts; its place in the order of src/plan/kinds/all.ts`,
      'test/unit/hostile/model.ts: what a realm is after the change (the type checker names it); the laws then run over it',
    ];
  },
};

const command: Stub = {
  ...KEBAB,
  make(edits, name) {
    const own = camel(name);
    edits.make(
      `src/commands/${name}/command.ts`,
      `import type { Command } from '../../cli/command.ts';

/** The options that \`define\` declares. */
type ${pascal(name)}Options = TODO;

/** \`mcpkc ${name}\` */
export const ${own}: Command<${pascal(name)}Options> = {
  define(command) {
    command.description(TODO); // a sentence
  },
  examples: TODO, // at least three: [what, command line]
  changes: TODO, // what it writes in Keycloak, in a sentence
  exits: TODO, // [status, meaning] beside 2, 3 and 4
  async run(context, args, flags) {
    return TODO(context, args, flags); // a Report
  },
};
`,
    );
    edits.make(
      `test/unit/${name}.test.ts`,
      `import { expect, it } from 'vitest';
import { expectCli } from '../support/cli.ts';

it('${name} ends with 0 where all is well, and names the option that is wrong', async () => {
  await expectCli(0, ['${name}', TODO]);
  expect((await expectCli(2, ['${name}', TODO, '--json'])).json).toMatchObject({ code: 'USAGE' });
});
`,
    );
    edits.make(
      `src/commands/${name}/entry.ts`,
      `import type { CommandEntry } from '../../cli/command.ts';

/** \`mcpkc ${name}\`, as the program's help has it. */
export const ${own}Entry: CommandEntry = {
  name: '${name}',
  group: TODO, // a group of the program's help
  summary: TODO, // what it does, in a clause that begins with a verb
  load: async () => (await import('./command.ts')).${own},
};
`,
    );
    edits.append('src/commands/all.ts', `export { ${own}Entry } from './${name}/entry.ts';\n`);
    return [
      `src/commands/${name}/: options and handler; text.ts beside it is how its report reads`,
      'test/cli/lines.ts: a command line that reaches its answer (red until then); src/schemas/documents.ts: the fields that its JSON has of its own',
      'test/faults/rows.ts: a row (test/unit/tables.test.ts is red until then)',
      'npm run docs -- --no-screens: schemas/ and README’s table of commands',
    ];
  },
};

export const STUBS: Readonly<Record<string, Stub>> = { product, finding, check, kind, command };
