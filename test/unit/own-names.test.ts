import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** What a function that takes time may begin with: it does something. */
const VERBS =
  'act agree allow ask announce apply ban block build care change check choose close collect compare connect count create decide delete derive describe disable end ensure explain export fill find finish gather get grant guard harden hide ignore is judge keep lend list listen load look lookAt make map meet need note observe obtain offer onboard open plan post prepare print probe protect prove prune put read recheck recreate rehearse release remember remove renew repair report request require resolve restore retire retry revoke run save scan search send set settle show sign sort start store take tell trust try update validate verify wait warn watch weigh with write';
/** Words that tell of a state, not of a deed or a thing, where they stand alone: `named`, `keeping`. */
const STATES =
  /^(?:[a-z]+(?:ing|ed)|given|held|kept|known|lost|made|shown|told|taken|gone|called|within|when|unless|until)$/;
/** Verbs of a predicate that is called neither is, has nor can: `trustsNoHost`. */
const PREDICATES =
  /^(?:adds|advertises|answers|came|covers|does|fails|gets|holds|lets|looks|needs|never|refuses|sees|serves|takes|trusts|uses|wants|was)$/;

/** Functions that keep such a name, each with the reason. */
const KEPT: Readonly<Record<string, string>> = {
  'main.ts main': 'the program’s entry is called so everywhere',
  'keycloak/connection/failures.ts ifAllowed': 'reads as a clause around the work that it is given',
  'text.ts visible': 'stands in hundreds of texts, where it reads as an adjective',
  'text.ts brief': 'likewise',
};
/** Files whose functions are called as what they make, since they are entries of a table or elements of a text. */
const TABLES: Readonly<Record<string, string>> = {
  'config/values.ts': 'a key’s type in the table of keys',
  'plan/kinds/join.ts': 'how a kind’s wishes are joined',
  'commands/runbook/markdown.ts': 'an element of Markdown',
  'checks/check.ts': 'an outcome of a check',
};
/** Words that name one thing each, and what that is: no function is called by one of them alone. */
const THINGS = ['registration', 'account', 'mark', 'resource', 'client', 'sources', 'observed', 'record'];

interface Named {
  file: string;
  name: string;
  takesTime: boolean;
}

/** Every function that a file of `src/` exports. */
const FUNCTIONS: readonly Named[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path): Named[] => {
    const text = readFileSync(join(SRC, path), 'utf8');
    const file = path.replaceAll('\\', '/');
    return parseAst(text, { lang: 'ts' }).body.flatMap((node): Named[] => {
      if (node.type !== 'ExportNamedDeclaration' || !node.declaration) return [];
      const { declaration } = node;
      if (declaration.type === 'FunctionDeclaration') {
        const returns = declaration.returnType;
        const type = returns ? text.slice(returns.start, returns.end) : '';
        const takesTime = declaration.async || /Promise<|AsyncGenerator</.test(type);
        return [{ file, name: declaration.id?.name ?? '', takesTime }];
      }
      if (declaration.type !== 'VariableDeclaration') return [];
      return declaration.declarations.flatMap(({ id, init }) =>
        id.type === 'Identifier' && init?.type === 'ArrowFunctionExpression'
          ? [{ file, name: id.name, takesTime: init.async }]
          : [],
      );
    });
  })
  .filter(({ file, name }) => !(file in TABLES) && !(`${file} ${name}` in KEPT));

const firstOf = (name: string) => /^[a-z]+/.exec(name)?.[0] ?? name;
const namesOf = (some: readonly Named[]) => some.map(({ file, name }) => `${file} ${name}`);

/** Every type that a file of `src/` exports, with its files. */
const TYPES = new Map<string, string[]>();
for (const path of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((one) =>
  one.endsWith('.ts'),
)) {
  for (const [, name = ''] of readFileSync(join(SRC, path), 'utf8').matchAll(
    /^export (?:interface|type|class) (\w+)/gm,
  ))
    TYPES.set(name, [...(TYPES.get(name) ?? []), path]);
}

describe('the names of types', () => {
  it('mean one thing each: no two files export a type of one name', () => {
    expect(TYPES.size).toBeGreaterThan(300);
    expect([...TYPES].filter(([, files]) => files.length > 1)).toEqual([]);
  });
});

describe('the names of functions', () => {
  it('are many', () => expect(FUNCTIONS.length).toBeGreaterThan(600));

  it('begin with a verb where the function takes time: it does something', () => {
    const verbs = VERBS.split(' ');
    const others = FUNCTIONS.filter(
      ({ name, takesTime }) =>
        takesTime && !verbs.includes(firstOf(name)) && !/^(?:is|has|can)[A-Z]/.test(name),
    );
    expect(namesOf(others)).toEqual([]);
  });

  it('are no state: a predicate begins with is, has or can, and what is made of something is called as that', () => {
    expect(
      namesOf(FUNCTIONS.filter(({ name }) => STATES.test(name) || PREDICATES.test(firstOf(name)))),
    ).toEqual([]);
  });

  it('are no thing that has that name already', () => {
    expect(namesOf(FUNCTIONS.filter(({ name }) => THINGS.includes(name)))).toEqual([]);
  });

  it('have no exception that nothing needs', () => {
    const there = (name: string) => {
      const [file = '', own = ''] = name.split(' ');
      return new RegExp(`export (?:async )?(?:function|const) ${own}\\b`).test(
        readFileSync(join(SRC, file), 'utf8'),
      );
    };
    expect(Object.keys(KEPT).filter((one) => !there(one))).toEqual([]);
  });
});
