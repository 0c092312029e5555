import { expect, it } from 'vitest';
import { documentWithRunFlags, runFlags, withRunFlags } from '../../src/cli/run-flags.ts';
import { runCli } from '../support/cli.ts';

const COMMANDS = ['init', 'status', 'explain', 'validate'];
const FLAGS = runFlags({
  server: 'https://kc.example/auth',
  realm: 'my realm',
  caFile: 'ca.pem',
  allowHttp: true,
});
const ADDED = "mcpkc --server https://kc.example/auth --realm 'my realm' --ca-file ca.pem --allow-http";
const repeated = (text: string) => withRunFlags(text, FLAGS, COMMANDS);

it('are in every command line of a text', () => {
  expect(repeated('mcpkc status')).toBe(`${ADDED} status`);
  expect(repeated('What is in the way:\n  mcpkc status --clients\nThen again.')).toBe(
    `What is in the way:\n  ${ADDED} status --clients\nThen again.`,
  );
  expect(repeated('Next: mcpkc validate https://x/mcp')).toBe(`Next: ${ADDED} validate https://x/mcp`);
});

it('not twice, and not in sentences, nor where nothing has to be repeated', () => {
  expect(repeated('mcpkc init --realm x')).not.toContain('my realm');
  expect(repeated('mcpkc init \\\n  --realm x')).not.toContain('my realm');
  for (const text of [
    'mcpkc init repairs it.',
    'run mcpkc status',
    'mcpkc explain BUG',
    'the mcpkc-lock',
    'a: mcpkc',
  ])
    expect(repeated(text)).toBe(text);
  expect(withRunFlags('mcpkc status', [], COMMANDS)).toBe('mcpkc status');
});

it('in documents only where a fix stands', () => {
  const document = { name: 'mcpkc status', checks: [{ fix: 'mcpkc status', title: 'mcpkc status' }] };
  expect(documentWithRunFlags(document, FLAGS, COMMANDS)).toEqual({
    name: 'mcpkc status',
    checks: [{ fix: `${ADDED} status`, title: 'mcpkc status' }],
  });
});

it('stand in the fix of a failure as it is printed', async () => {
  const ran = await runCli(['status', '--realm', 'mcp', '--ca-file', 'ca.pem', '--json'], {
    files: { 'ca.pem': 'x' },
  });
  expect(ran.json).toMatchObject({ code: 'CONFIG_MISSING' });
  expect(ran.json.fix).toContain('mcpkc --ca-file ca.pem init --server <url> --realm <name>');
});
