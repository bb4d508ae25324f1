import { confirmDialog, confirmForm } from '../../../lib/pages/parts/confirm-dialog';
import { englishReader } from '../../support/pages';

const reader = englishReader(0);

describe('the question before sessions end', () => {
  it('is a form that repeats the fields as text, and a link back', () => {
    const question = {
      title: 'Sign out “<b>”?',
      effect: 'It ends.',
      action: '/end',
      fields: [['id', '"><script>']],
      cancel: '/sessions',
    } as const;
    const html = String(confirmForm(question, reader));
    expect(html).toContain('<h2>Sign out “&lt;b&gt;”?</h2>');
    expect(html).toContain('name="id" value="&quot;&gt;&lt;script&gt;"');
    expect(html).toContain('href="/sessions"');
  });

  it('is a dialog with a name, in which "Cancel" has the focus', () => {
    const html = String(confirmDialog(reader));
    expect(html).toMatch(/<dialog[^>]* aria-labelledby="eis-question"/);
    expect(html).toMatch(/<button[^>]* data-cancel autofocus>/);
  });
});
