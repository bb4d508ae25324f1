/** HTML that may stand in a page as it is. Only `html` makes it. */
export class Html {
  constructor(private readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template: text is escaped, lists are joined, and nothing is written for what is not there. */
export type Content = Html | string | number | false | null | undefined | readonly Content[];

/**
 * A template that escapes whatever it is given: html`<p title="${text}">${text}</p>`. Values stand between tags or in
 * attributes with double quotes, never in a script, a style or an attribute that holds a script.
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(String.raw({ raw: strings }, ...contents.map(written)));
}

function written(content: Content): string {
  if (content === false || content === null || content === undefined) return '';
  if (content instanceof Html) return content.toString();
  if (typeof content === 'object') return content.map(written).join('');
  return String(content).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
