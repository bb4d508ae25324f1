import { htmlText } from '../../http/html-text';

/** HTML that is put into a page without escaping. Only the `html` tag creates it. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the HTML as text. */
  toString(): string {
    return this.#text;
  }
}

/** A value in a template. Text is escaped, lists are joined, and false, null and undefined produce no output. */
export type Content = Html | string | number | false | null | undefined | readonly Content[];

/**
 * A template tag that escapes its values: html`<p title="${text}">${text}</p>`. Put values between tags or into attributes
 * with double quotes. Never put them into a script, a style or an attribute that holds a script. White
 * space of the template is shortened, and that of values is kept.
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(String.raw({ raw: compact(strings) }, ...contents.map(rendered)));
}

const compactTexts = new WeakMap<TemplateStringsArray, readonly string[]>();

/** Returns the texts of a template without its indentation, which would be a third of a page. */
function compact(strings: TemplateStringsArray): readonly string[] {
  let texts = compactTexts.get(strings);
  if (texts === undefined) {
    texts = strings.map((text) => text.replace(/\s*\n\s*/g, '\n').replace(/ +/g, ' '));
    compactTexts.set(strings, texts);
  }
  return texts;
}

function rendered(content: Content): string {
  if (content === false || content === null || content === undefined) return '';
  if (content instanceof Html) return content.toString();
  if (typeof content === 'object') return content.map(rendered).join('');
  return htmlText(String(content));
}
