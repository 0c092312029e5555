// Text from outside in the Markdown of a job's summary.

/**
 * Text from outside as one line in a cell of a table: neither markup nor HTML, no link, mention or reference of those that
 * GitHub makes of bare words, nothing invisible, and no command of the runner. As visible and markdownText of src/text.ts,
 * which this file can't import: the action runs from a checkout that was not built.
 */
export function cell(text) {
  const escaped = (character) => `\\u{${character.codePointAt(0).toString(16)}}`;
  return String(text ?? '')
    .replace(/[ \t\r\n]+/g, ' ')
    .replace(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/gu, escaped)
    .replace(/(?<=^|\s):(?=:(?![\da-f:.]*(?:[\s,;)]|$))[a-z])|(?<=#)#(?=[a-z]*\[)/gimu, escaped)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*{}[\]>|~!$]|(?<!\w)_|_(?!\w)/g, '\\$&')
    .replace(/^(\s*)([-+=]|\d+(?=[.)]))/g, '$1<!-- -->$2')
    .replace(/@|#(?=\w)|:(?=\/\/)|(?<=www)\.|(?<=GH)-(?=\d)/gi, '$&<!-- -->');
}
