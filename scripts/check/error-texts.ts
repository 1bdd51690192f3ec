import ts from 'typescript';
import { type Check, filesOf, textOf } from './source-files.ts';

const startOf = (node: ts.Expression): string | null => {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) return node.head.text === '' ? null : node.head.text;
  return null;
};
const endOf = (node: ts.Expression): string | null => {
  if (ts.isTemplateExpression(node)) return node.templateSpans.at(-1)?.literal.text ?? null;
  return startOf(node);
};
/** The text, with an x for each value; '' for anything but a literal, and for one that ends in a value. */
const wholeOf = (node: ts.Expression): string => {
  if (!ts.isTemplateExpression(node)) return startOf(node) ?? '';
  if (endOf(node) === '') return '';
  return node.head.text + node.templateSpans.map(({ literal }) => `x${literal.text}`).join('');
};
/** Names keep their capitals: environment variables, programs and products. */
const isName = (text: string): boolean => /^([A-Z][A-Z0-9_]+|PostgreSQL|Holdfast|Node|Debian)\b/.test(text);

/** AppError messages are lower case without a full stop; hints are sentences. */
export const errorTexts: Check = (root) =>
  filesOf(root, /^(app|components|lib|db|worker|scripts|bench)\/.*\.tsx?$/).flatMap((path) => {
    const file = ts.createSourceFile(path, textOf(root, path), ts.ScriptTarget.Latest, true);
    const complaints: string[] = [];
    const complain = (node: ts.Node, what: string): void => {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      complaints.push(`${path}:${String(line + 1)}: ${what}`);
    };
    const look = (node: ts.Node): void => {
      if (ts.isNewExpression(node) && node.expression.getText() === 'AppError') {
        const [, message, options] = node.arguments ?? [];
        if (message !== undefined) {
          const start = startOf(message) ?? '';
          if (/^[A-Z]/.test(start) && !isName(start))
            complain(message, 'the message starts with a capital; messages are lower case');
          if (/[.!]$/.test(endOf(message) ?? ''))
            complain(message, 'the message ends with a full stop; leave it out');
        }
        if (options !== undefined && ts.isObjectLiteralExpression(options)) {
          for (const property of options.properties) {
            if (!ts.isPropertyAssignment(property) || property.name.getText() !== 'hint') continue;
            const hint = wholeOf(property.initializer);
            if (hint !== '' && !/[.?]$|: [^.]+$/.test(hint))
              complain(
                property,
                'the hint does not end with a full stop; hints are sentences that say what to do',
              );
          }
        }
      }
      ts.forEachChild(node, look);
    };
    look(file);
    return complaints;
  });
