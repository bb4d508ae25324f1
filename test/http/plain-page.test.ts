import { plainPage } from '../../lib/http/plain-page';

describe('plainPage', () => {
  it('shows the title as text in the title and in the heading', () => {
    const page = plainPage({
      language: 'en',
      title: 'A & <b>',
      head: '<meta name="x">',
      body: '<p>1 &lt; 2</p>',
    });
    expect(page).toContain('<title>A &amp; &lt;b&gt;</title><meta name="x"></head>');
    expect(page).toContain('<h1>A &amp; &lt;b&gt;</h1><p>1 &lt; 2</p></body></html>');
  });
});
