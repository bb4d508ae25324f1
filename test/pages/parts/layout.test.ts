import type { Request } from 'express';

import { html, plainLayout } from '../../../lib/pages';
import { ENGLISH_PAGES } from '../../../lib/pages/messages/english';
import { Reader } from '../../../lib/pages/messages/reader';
import { mainOf } from '../../../lib/pages/parts/layout';
import { messagesFor } from '../../../lib/session/i18n';
import { englishReader } from '../../support/pages';

describe('the plain layout', () => {
  it('is a document in the language and direction of the reader', () => {
    const page = {
      title: '<b>',
      language: 'ar',
      direction: 'rtl',
      head: html`<link />`,
      body: html`<main></main>`,
    } as const;
    const document = String(plainLayout(page, {} as Request));
    expect(document).toMatch(/^<!doctype html>\s*<html lang="ar" dir="rtl"/);
    expect(document).toContain('<title>&lt;b&gt;</title>');
  });
});

describe('the content of a page', () => {
  it('has one heading, and a link above it', () => {
    const back = { path: '/all', text: 'All' };
    const main = String(mainOf('Title', html`<p>Text</p>`, englishReader(0), { width: 'wide', back }));
    expect(main).toMatch(/class="eis eis-wide"[^]*href="\/all">← All<\/a>\s*<h1>Title<\/h1>\s*<p>Text/);
  });

  it('has an arrow back that points to the start of the line', () => {
    const reader = new Reader('he', { ...ENGLISH_PAGES, direction: 'rtl' }, messagesFor('he'), 0);
    expect(String(mainOf('Title', html``, reader, { back: { path: '/', text: 'All' } }))).toContain('→ All');
  });

  it('tells the script how the language says "just now"', () => {
    const session = { ...ENGLISH_PAGES.session, justNow: 'à l’instant' };
    const reader = new Reader('fr', { ...ENGLISH_PAGES, session }, messagesFor('fr'), 0);
    expect(String(mainOf('Titre', html``, reader))).toContain('data-now="à l’instant"');
  });
});
