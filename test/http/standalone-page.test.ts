import { paragraph, standalonePage } from '../../lib/http/standalone-page';

describe('standalonePage', () => {
  it('shows the title as text in the title and in the heading', () => {
    const page = standalonePage({ language: 'en', title: 'A & <b>', body: paragraph('1 < 2') });
    expect(page).toContain('<title>A &amp; &lt;b&gt;</title>');
    expect(page).toContain('<h1>A &amp; &lt;b&gt;</h1><p>1 &lt; 2</p></html>');
  });
});
