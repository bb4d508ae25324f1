import ts from 'typescript';

import { refusalMessages } from '../../lib/session/i18n';
import { lib, sample, type Source } from './sources';
import { nodesOf, parsed } from './syntax';

/** The protocol of Open-Xchange has messages of its own, which its clients translate. */
const OWN_MESSAGES = /^lib\/protocols\/open-xchange\//;

/** The messages that a file passes to `SessionError`, `plainRefusal` and `invalidRequest`, before placeholders are replaced. */
function messagesIn(source: Source): string[] {
  const nodes = nodesOf(parsed(source));
  const valuesOf = (name: string) =>
    nodes
      .filter(ts.isVariableDeclaration)
      .filter((node) => node.name.getText() === name && node.initializer !== undefined)
      .flatMap((node) => textsIn(node.initializer!));

  function textsIn(node: ts.Node): string[] {
    if (ts.isStringLiteralLike(node)) return [node.text];
    if (ts.isBinaryExpression(node)) return [textsIn(node.left).join('') + textsIn(node.right).join('')];
    if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap(textsIn);
    if (ts.isElementAccessExpression(node)) return textsIn(node.expression);
    if (ts.isObjectLiteralExpression(node))
      return node.properties.filter(ts.isPropertyAssignment).flatMap((each) => textsIn(each.initializer));
    if (ts.isSatisfiesExpression(node) || ts.isAsExpression(node)) return textsIn(node.expression);
    if (ts.isIdentifier(node)) return valuesOf(node.text);
    return [`${source.path}: ${node.getText()} is not a text`];
  }

  return nodes
    .filter((node) => ts.isNewExpression(node) || ts.isCallExpression(node))
    .filter((node) => /^(SessionError|invalidRequest)$/.test(node.expression.getText()))
    .flatMap((node) => textsIn(node.arguments![1]!));
}

const messages = lib.filter(({ path }) => !OWN_MESSAGES.test(path)).flatMap(messagesIn);

describe('the messages of refusals', () => {
  it('all have a German translation, and no translation is left over', () => {
    expect([...new Set(messages)].sort()).toEqual([...refusalMessages].sort());
  });

  it.each([
    ["throw new SessionError('cross-site', 'No.');", ['No.']],
    ["const TEXT = 'No, ' + 'never.'; throw new SessionError('cross-site', TEXT);", ['No, never.']],
    ["const T = { a: 'A.', b: 'B.' }; throw invalidRequest('x', is ? T[per] : 'C.');", ['A.', 'B.', 'C.']],
    ['throw invalidRequest(name, `${name} is wrong.`);', ['lib/x.ts: `${name} is wrong.` is not a text']],
  ])('are found in %s', (text, expected) => {
    expect(messagesIn(sample('lib/x.ts', text)[0]!)).toEqual(expected);
  });
});
