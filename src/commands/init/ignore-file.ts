import { askYes } from '../../cli/ask.ts';
import type { Context } from '../../cli/command.ts';
import { folderOf, makeAbsolute } from '../../config/paths.ts';
import { visible } from '../../text.ts';
import type { FilePlan } from './files.ts';

/** The most folders that are looked through for a Git work tree’s top. */
const DEEPEST = 40;

/** The state in which the question is asked, and may be left. */
const WRITTEN = 'The account and its files are made; .gitignore is as it was.';

/**
 * Offers to name the files that hold a secret in `.gitignore`, where a Git work tree holds them and no line names them.
 * Resolves to true where they are named by now, and to undefined where there is no work tree.
 */
export async function offerIgnoring(
  context: Context,
  files: readonly FilePlan[],
): Promise<boolean | undefined> {
  const { io, voice } = context;
  const secrets = files.filter(
    ({ mode, path }) => mode === 0o600 && makeAbsolute(path, io.cwd).startsWith(`${io.cwd}/`),
  );
  const names = secrets.map(({ path }) => makeAbsolute(path, io.cwd).slice(io.cwd.length + 1));
  const lists = names.length === 0 ? undefined : await ignoreFiles(context);
  if (lists === undefined) return undefined;
  const open = names.filter((name) => !lists.some((text) => hasLineFor(text, name)));
  if (open.length === 0) return true;
  const shown = open.map(visible).join(' and ');
  if (
    !(await askYes(context, `Add ${shown} to .gitignore, so that no secret is committed?`, true, {
      state: WRITTEN,
    }))
  )
    return false;
  const before = (await io.files.read('.gitignore')) ?? '';
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  await io.files.write('.gitignore', `${before}${gap}${open.map((name) => `/${name}\n`).join('')}`);
  voice.note('.gitignore names them now.');
  return true;
}

/** The texts of `.gitignore` from here up to the work tree’s top; undefined where there is none. */
async function ignoreFiles({ io }: Context): Promise<string[] | undefined> {
  const texts: string[] = [];
  let folder = io.cwd;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const text = await io.files.read(`${folder}/.gitignore`).catch(() => undefined);
    if (text !== undefined) texts.push(text);
    // A folder, or in a linked work tree a file (gitrepository-layout(5)).
    if (await io.files.exists(`${folder}/.git`)) return texts;
    const above = folderOf(folder);
    if (above === '' || above === folder) return undefined;
    folder = above;
  }
  return undefined;
}

/** Whether a line names a file: by its name, from any folder, or by a pattern with `*` (gitignore(5)). A later `!` is not read. */
function hasLineFor(text: string, name: string): boolean {
  const file = name.slice(name.lastIndexOf('/') + 1);
  return text.split('\n').some((line) => {
    const pattern = line.trim().replace(/^\//, '');
    if (pattern === '' || /^[#!]/.test(pattern)) return false;
    const expression = pattern
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^/]*');
    const matcher = new RegExp(`^${expression}$`);
    return matcher.test(name) || (!pattern.includes('/') && matcher.test(file));
  });
}
