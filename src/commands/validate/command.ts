import { answerOf, type ValidationAnswer } from '../../checks/answer.ts';
import type { ValidationTarget } from '../../checks/evidence.ts';
import { CHECKS } from '../../checks/index.ts';
import { describeChecks } from '../../checks/list.ts';
import { readSignIn, signInText } from '../../checks/saved-sign-in.ts';
import { type Findings, validate as runValidation, type ValidationWish } from '../../checks/validate.ts';
import { type Command, type Context, list, Option } from '../../cli/command.ts';
import { readNamed, writeNamed } from '../../cli/named-files.ts';
import { rememberOwnRun } from '../../cli/own-runs.ts';
import type { Report } from '../../cli/report.ts';
import { givenResource, RESOURCE_ARGUMENT, SAME_AS_OPTION } from '../../cli/resource-option.ts';
import { failedSarifText, sarifText, writeSarif } from '../../cli/sarif.ts';
import type { Config } from '../../config/load.ts';
import { inputError, McpkcError } from '../../errors.ts';
import { findProblems } from '../../findings/look.ts';
import { listRegisteringProducts, lookOver } from '../../fleet/over.ts';
import { resourceFor } from '../../plan/input.ts';
import { customPresets } from '../../products/custom.ts';
import { resolvePresets } from '../../products/resolve.ts';
import { readTypedName } from '../../text.ts';
import { failureAnnotation, writeAnnotations } from './annotations.ts';
import { failedHtml, validateHtml } from './html.ts';
import { failedJunitXml, junitXml, type RunTime } from './junit.ts';
import { validateSarif } from './sarif.ts';
import { catalogueText, validateText } from './text.ts';

/** The flags of `mcpkc validate`. */
export type ValidateOptions = {
  resource?: string;
  preset?: string[];
  user?: string;
  requireUser?: true;
  client?: string;
  login?: true;
  saveToken?: string;
  tokenFile?: string;
  /** Whether to register; false with `--no-registration`. */
  registration: boolean;
  outside?: true;
  allowPrivate?: true;
  manifest?: true;
  only?: string[];
  skip?: string[];
  failOn: 'must' | 'should';
  junit?: string;
  html?: string;
  sarif?: string;
  listChecks?: true;
  file?: string[];
};

/** `mcpkc validate` */
export const validate: Command<ValidateOptions> = {
  define(command) {
    command
      .description('Prove the whole chain against a live MCP server: what a client sees, and why it fails.')
      .argument('[resource]', RESOURCE_ARGUMENT)
      .option('--resource <url>', SAME_AS_OPTION)
      .option(
        '--preset <name>',
        'products to register as … (default: those that the server was opened for, else chatgpt)',
        list,
      )
      .option(
        '--user <name>',
        'the user for whom example tokens are made (default: one who may have the audience)',
      )
      .option('--require-user', 'fail where no token can be had to open the MCP server with')
      .option('--client <id>', 'prove this client, which somebody made, in place of registering one')
      .addOption(
        new Option('--login', 'sign in with a browser, and use that token').conflicts([
          'tokenFile',
          'client',
        ]),
      )
      .option(
        '--save-token <file>',
        'with --login: keep the sign-in in this file, for later runs with --token-file',
      )
      .option(
        '--token-file <file>',
        'use the access token in this file, or the sign-in that --save-token kept',
      )
      .option('--no-registration', 'register no client')
      .option('--outside', 'only what an outsider can see; the rest is skipped, not reported as not run')
      .option('--allow-private', 'let a public server’s metadata lead to private addresses')
      .option('--manifest', 'a right manifest is a must')
      .option('--only <id>', 'only these checks or groups …', list)
      .option('--skip <id>', 'not these checks or groups …', list)
      .addOption(
        new Option('--fail-on <severity>', 'what makes the exit status 1: must, or should too')
          .choices(['must', 'should'])
          .default('must'),
      )
      .addOption(
        new Option('-f, --file <file>', 'for every server of a file of MCP servers …')
          .argParser(list)
          .conflicts(['login', 'saveToken', 'tokenFile', 'client', 'user', 'junit', 'html']),
      )
      .option('--junit <file>', 'also write the results as JUnit XML')
      .option(
        '--html <file>',
        'also write a page for colleagues: where it broke, why, and every exchange, masked',
      )
      .option('--sarif <file>', 'also write what failed as SARIF 2.1.0, for code scanning')
      .option('--list-checks', 'list the checks, and do nothing else');
  },
  examples: [
    ['after onboard or create-scope', 'mcpkc validate https://svc.example.com/mcp'],
    ['for several products', 'mcpkc validate https://svc.example.com/mcp --preset chatgpt,claude,vscode'],
    ['without an account', 'mcpkc validate https://svc.example.com/mcp --outside'],
    [
      'a client that was made for the product',
      'mcpkc validate https://svc.example.com/mcp --client my-connector',
    ],
    ['with a person’s token', 'mcpkc validate https://svc.example.com/mcp --login'],
    [
      'keep a test user’s sign-in for CI',
      'mcpkc validate https://svc.example.com/mcp --login --save-token ci-user.json',
    ],
    [
      'prove the whole chain with it, every night',
      'mcpkc validate https://svc.example.com/mcp --token-file ci-user.json --require-user',
    ],
    [
      'a page for the colleague who runs the proxy',
      'mcpkc validate https://svc.example.com/mcp --html validate.html',
    ],
    ['every server of a file', 'mcpkc validate -f mcpkc.yaml'],
    ['in CI', 'mcpkc validate --json --junit validate.xml --fail-on should'],
  ],
  changes:
    'Registers probe clients as products do; makes one by the admin API that holds this server’s audience alone. Removes them again, and those that killed runs left.',
  exits: [
    [0, 'every must passed'],
    [1, 'a must failed, or was not run for what failed (with --fail-on should: a should, too)'],
  ],
  async run(context, [argument], flags) {
    if (flags.listChecks === true) return listing();
    const url = givenResource(argument, flags);
    if (flags.file !== undefined) return validateAll(context, url, flags, flags.file);
    const began = context.io.now();
    const time = () => ({ at: new Date(began).toISOString(), ms: context.io.now() - began });
    try {
      const config = await context.config();
      const wish = await wishOf(context, config, url, flags);
      const findings = await runAndRemember(context, config, wish);
      const judged = answerOf(findings, { config, failOn: flags.failOn });
      const answer = await withRealm(context, config, findings.evidence.target, judged);
      await sideOutputs(context, answer, flags, time(), config);
      return reportOf(answer, context.settings.verbose);
    } catch (error) {
      if (error instanceof McpkcError) await failedOutputs(context, error, flags, time());
      throw error;
    }
  },
};

/** Runs the checks; the time of it is kept on this machine, so that status knows later which refusals are most likely its own. */
async function runAndRemember(context: Context, config: Config, wish: ValidationWish): Promise<Findings> {
  const { io } = context;
  const from = io.now();
  try {
    return await runValidation(context, config, wish);
  } finally {
    const { server, realm } = config;
    if (realm !== undefined) await rememberOwnRun(io, { server, realm }, { from, to: io.now() });
  }
}

/** Every server of a file, in its realm; one after the other, since each registers clients there. */
function validateAll(
  context: Context,
  url: string | undefined,
  flags: ValidateOptions,
  files: readonly string[],
): Promise<Report> {
  if (url !== undefined) throw inputError('-f', 'the file names the servers', 'Leave the URL out.');
  return lookOver(context, 'validate', files, async (config, { servers }) => {
    const reports: Report[] = [];
    for (const server of servers) {
      const named = flags.preset ?? listRegisteringProducts({ servers: [server] });
      const own = { ...flags, ...(named.length > 0 ? { preset: named } : { registration: false }) };
      const wish = await wishOf(context, config, server.resource, own);
      const findings = await runAndRemember(context, config, wish);
      const judged = answerOf(findings, { config, failOn: flags.failOn });
      const answer = await withRealm(context, config, findings.evidence.target, judged);
      reports.push(reportOf(answer, context.settings.verbose));
    }
    return reports;
  });
}

/** The answer with the findings of `status` in the realm, where something is red and the account may look. */
async function withRealm(
  context: Context,
  config: Config,
  { mcp, presets, outside }: ValidationTarget,
  answer: ValidationAnswer,
): Promise<ValidationAnswer> {
  const isAsked = answer.red.length > 0 && !outside;
  const found = isAsked
    ? await findProblems(context, config, { resource: mcp, presets })
        .then((look) => look?.findings)
        .catch(noFindings)
    : [];
  const realmErrors = (found ?? [])
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message, fix }) => ({ code, message, fix }));
  return { ...answer, realmErrors, document: { ...answer.document, realmErrors } };
}

/** The checks’ own causes stay where the realm can’t be looked at; that is no failure of the run. */
function noFindings(error: unknown): undefined {
  if (error instanceof McpkcError) return undefined;
  throw error;
}

/** The report that a pipeline reads in place of results, so that it doesn’t read an older run’s for this one’s. */
async function failedOutputs(
  { io }: Context,
  error: McpkcError,
  { junit, html, sarif }: ValidateOptions,
  time: RunTime,
): Promise<void> {
  if (error.code === 'FILE_NOT_WRITTEN') return;
  if (html !== undefined)
    await writeNamed('--html', html, () => io.files.write(html, failedHtml(error, time)));
  if (junit !== undefined)
    await writeNamed('--junit', junit, () => io.files.write(junit, failedJunitXml(error, time)));
  if (sarif !== undefined) await writeSarif(io, sarif, failedSarifText('validate', error));
  if (io.env.GITHUB_ACTIONS === 'true') io.stderr.write(failureAnnotation(error));
}

async function wishOf(
  context: Context,
  config: Config,
  url: string | undefined,
  flags: ValidateOptions,
): Promise<ValidationWish> {
  const { preset: chosen = [], only = [], skip = [], tokenFile: file } = flags;
  const own = customPresets(config.presets, config.files.config);
  if (flags.saveToken !== undefined && flags.login !== true)
    throw inputError('--save-token', 'this takes --login', 'Add --login: somebody signs in once.');
  if (flags.login === true && flags.registration === false) {
    throw inputError(
      '--login',
      'this takes a client, and --no-registration registers none',
      'Use --token-file.',
    );
  }
  return {
    mcp: resourceFor(config, url),
    presets: chosen.length === 0 ? undefined : resolvePresets(chosen, own),
    only,
    skip,
    outside: flags.outside === true,
    noRegistration: flags.registration === false,
    manifest: flags.manifest === true,
    login: flags.login === true,
    client: flags.client === undefined ? undefined : readTypedName(flags.client),
    requireUser: flags.requireUser === true,
    allowPrivate: flags.allowPrivate === true,
    user: flags.user,
    ...(await givenToken(context, file)),
    ...keeping(context, flags, file),
  };
}

/** The content of `--token-file`: a bare access token, or a sign-in that was kept. */
async function givenToken(
  context: Context,
  file: string | undefined,
): Promise<Pick<ValidationWish, 'token' | 'saved'>> {
  if (file === undefined) return { token: undefined, saved: undefined };
  const saved = readSignIn((await readNamed(context.io, '--token-file', file)) ?? '');
  return saved ? { token: undefined, saved } : { token: await readToken(context, file), saved: undefined };
}

/** Keeps a sign-in in the file of `--save-token`, or renewed in the one that it came from; others can't read it. */
function keeping(
  { io }: Context,
  { saveToken }: ValidateOptions,
  from: string | undefined,
): Pick<ValidationWish, 'keep'> {
  const to = saveToken ?? from;
  if (to === undefined) return { keep: undefined };
  const option = from === undefined ? '--save-token' : '--token-file';
  return {
    keep: (saved) => writeNamed(option, to, () => io.files.write(to, signInText(saved), { mode: 0o600 })),
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

async function sideOutputs(
  { io }: Context,
  answer: ValidationAnswer,
  { junit, html, sarif }: ValidateOptions,
  time: RunTime,
  { files }: Config,
): Promise<void> {
  if (html !== undefined)
    await writeNamed('--html', html, () => io.files.write(html, validateHtml(answer, time)));
  if (junit !== undefined)
    await writeNamed('--junit', junit, () => io.files.write(junit, junitXml(answer, time)));
  if (sarif !== undefined) await writeSarif(io, sarif, sarifText(validateSarif(answer, files.config)));
  if (io.env.GITHUB_ACTIONS === 'true') io.stderr.write(writeAnnotations(answer));
}

function reportOf(answer: ValidationAnswer, verbose: boolean): Report {
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
  const checks = describeChecks(CHECKS);
  return {
    command: 'validate',
    exitStatus: 0,
    server: undefined,
    realm: undefined,
    document: { mode: null, checks, outlook: [] },
    text: (style) => catalogueText(checks, style),
  };
}
