import type { Style } from '../../cli/style.ts';
import type { Breakage, Upgrade } from '../../findings/releases.ts';
import { count, shellLines, visible, wrap } from '../../text.ts';

/**
 * The things that an upgrade would break, those that could not be judged, and those that it changes otherwise; the last
 * line names the verdict.
 */
export function upgradeText(upgrade: Upgrade, style: Style): string {
  const { to, now, breakages, unjudged, harmless } = upgrade;
  const from =
    now === undefined ? 'this server’s version is not shown to the account' : `this server is ${now}`;
  const said = (text: string) => wrap(text, style.width, '    ').trimStart();
  return [
    style.bold(`Upgrade to ${to} (${from})`),
    ...breakages.map((one) => breakageText(one, style)),
    ...unjudged.map(
      ({ from: since, change, role }) =>
        `  ${style.yellow('?')} ${said(`${since}: ${change} Not judged: needs the role ${role}.`)}`,
    ),
    ...harmless.map(
      ({ from: since, change, means }) => `  ${style.green('✓')} ${said(`${since}: ${change} ${means}`)}`,
    ),
    `  ${verdict(upgrade, style)}`,
    '',
  ].join('\n');
}

function breakageText({ from, severity, message, fix }: Breakage, style: Style): string {
  const mark = severity === 'error' ? style.red('✗') : style.yellow('!');
  const lines = [`  ${mark} ${wrap(visible(`${from}: ${message}`), style.width, '    ').trimStart()}`];
  if (fix.kind === 'command')
    lines.push('    Fix:', style.cyan(shellLines(visible(fix.text), style.width, '      ')));
  else lines.push(wrap(`Fix: ${visible(fix.text)}`, style.width, '    '));
  return lines.join('\n');
}

function verdict({ to, breakages, unjudged, harmless, beyond }: Upgrade, style: Style): string {
  if (beyond) return style.yellow(`? nothing is known of ${to}: it is newer than this version of mcpkc`);
  if (breakages.length > 0) return style.red(`✗ ${count(breakages.length, 'thing')} would break`);
  if (unjudged.length > 0)
    return style.yellow('? nothing seen that would break, but not everything was visible');
  if (harmless.length === 0) return style.green('✓ nothing lies between');
  return style.green('✓ nothing would break');
}
