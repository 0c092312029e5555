import { type Answer, answerOf } from '../../checks/answer.ts';
import { CHECKS } from '../../checks/index.ts';
import { catalogue } from '../../checks/list.ts';
import { validate as runValidation, type Wish } from '../../checks/validate.ts';
import { type Command, type Context, list, Option } from '../../cli/command.ts';
import { readNamed, writeNamed } from '../../cli/named-files.ts';
import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import { inputError } from '../../errors.ts';
import { resourceFor } from '../../plan/input.ts';
import { customPresets } from '../../products/custom.ts';
import { DEFAULT_PRODUCT } from '../../products/index.ts';
import { resolvePresets } from '../../products/resolve.ts';
import { annotations } from './annotations.ts';
import { junitXml } from './junit.ts';
import { catalogueText, validateText } from './text.ts';

/** The flags of `mcpkc validate`. */
export type ValidateOptions = {
  preset?: string[];
  user?: string;
  login?: true;
  tokenFile?: string;
  /** False with `--no-registration`. */
  registration: boolean;
  outside?: true;
  allowPrivate?: true;
  manifest?: true;
  only?: string[];
  skip?: string[];
  failOn: 'must' | 'should';
  junit?: string;
  listChecks?: true;
};

/** `mcpkc validate` */
export const validate: Command<ValidateOptions> = {
  define(command) {
    command
      .description('Prove the whole chain against a live MCP server: what a client sees, and why it fails.')
      .argument('[mcp-url]', 'the MCP server’s URL as people type it (default: MCP_TRANSPORT_URL)')
      .option('--preset <name>', 'products to register as … (default: chatgpt)', list)
      .option('--user <name>', 'the user for whom example tokens are made (default: the service account’s)')
      .addOption(new Option('--login', 'sign in with a browser, and use that token').conflicts('tokenFile'))
      .option('--token-file <file>', 'use the access token in this file')
      .option('--no-registration', 'register no client')
      .option('--outside', 'only what an outsider can see; the rest is skipped')
      .option('--allow-private', 'let a public server’s metadata lead to private addresses')
      .option('--manifest', 'a right manifest is a must')
      .option('--only <id>', 'only these checks or groups …', list)
      .option('--skip <id>', 'not these checks or groups …', list)
      .addOption(
        new Option('--fail-on <severity>', 'what makes the exit status 1: must, or should too')
          .choices(['must', 'should'])
          .default('must'),
      )
      .option('--junit <file>', 'also write the results as JUnit XML')
      .option('--list-checks', 'list the checks, and do nothing else');
  },
  examples: [
    ['after onboard or create-scope', 'mcpkc validate https://svc.example.com/mcp'],
    ['for several products', 'mcpkc validate https://svc.example.com/mcp --preset chatgpt,claude,vscode'],
    ['without an account', 'mcpkc validate https://svc.example.com/mcp --outside'],
    ['with a person’s token', 'mcpkc validate https://svc.example.com/mcp --login'],
    ['in CI', 'mcpkc validate --json --junit validate.xml --fail-on should'],
  ],
  changes:
    'Registers probe clients and removes them again (by their registration token); lends the scope to a probe where it is windowed. Removes probes that killed runs left.',
  exits: [
    [0, 'every must passed'],
    [1, 'a must failed or could not be judged (with --fail-on should: a should, too)'],
  ],
  async run(context, [url], flags) {
    if (flags.listChecks === true) return listing();
    const config = await context.config();
    const wish = await wishOf(context, config, url, flags);
    const findings = await runValidation(context, config, wish);
    const answer = answerOf(findings, { config, failOn: flags.failOn });
    await sideOutputs(context, answer, flags);
    return reportOf(answer, context.settings.verbose);
  },
};

async function wishOf(
  context: Context,
  config: Config,
  url: string | undefined,
  flags: ValidateOptions,
): Promise<Wish> {
  const { preset: chosen = [], only = [], skip = [], tokenFile: file } = flags;
  const own = customPresets(config.presets, config.files.config);
  if (flags.login === true && flags.registration === false) {
    throw inputError(
      '--login',
      'this takes a client, and --no-registration registers none',
      'Use --token-file.',
    );
  }
  return {
    mcp: resourceFor(config, url),
    presets: resolvePresets(chosen.length === 0 ? [DEFAULT_PRODUCT] : chosen, own),
    only,
    skip,
    outside: flags.outside === true,
    noRegistration: flags.registration === false,
    manifest: flags.manifest === true,
    login: flags.login === true,
    allowPrivate: flags.allowPrivate === true,
    user: flags.user,
    token: file === undefined ? undefined : await readToken(context, file),
  };
}

async function readToken({ io }: Context, file: string): Promise<string> {
  const text = (await readNamed(io, '--token-file', file))?.trim();
  if (text === undefined)
    throw inputError(
      '--token-file',
      `there is no file ${file}`,
      'Name a file that holds an access token and nothing else.',
    );
  if (/^[\w.~+/=-]+$/.test(text)) return text;
  throw inputError(
    '--token-file',
    `${file} holds no bare token`,
    'The file must hold the access token and nothing else.',
  );
}

async function sideOutputs({ io }: Context, answer: Answer, { junit }: ValidateOptions): Promise<void> {
  if (junit !== undefined) await writeNamed('--junit', junit, () => io.files.write(junit, junitXml(answer)));
  if (io.env.GITHUB_ACTIONS === 'true') io.stderr.write(annotations(answer));
}

function reportOf(answer: Answer, verbose: boolean): Report {
  const { exitStatus, server, realm, document } = answer;
  return {
    command: 'validate',
    exitStatus,
    server,
    realm,
    document,
    text: (style) => validateText(answer, style, verbose),
  };
}

function listing(): Report {
  const checks = catalogue(CHECKS);
  return {
    command: 'validate',
    exitStatus: 0,
    server: undefined,
    realm: undefined,
    document: { mode: null, checks, outlook: [] },
    text: (style) => catalogueText(checks, style),
  };
}
