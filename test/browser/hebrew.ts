import { ENGLISH_PAGES } from '../../lib/pages/messages/english';
import type { PageMessages } from '../../lib/pages';

/** A language from right to left, as an app adds it. The texts that it does not translate are English, as foreign names are. */
export const HEBREW: PageMessages = {
  ...ENGLISH_PAGES,
  direction: 'rtl',
  account: {
    ...ENGLISH_PAGES.account,
    title: 'המקומות שבהם אתם מחוברים',
    introduction: 'הדפדפנים והיישומים האלה מחוברים לחשבון שלכם. נתקו כל חיבור שאינכם מזהים.',
    currentSession: 'החיבור הנוכחי',
    otherSessions: 'חיבורים אחרים',
    selectAll: 'בחירת הכול',
    signOutSelected: 'ניתוק הנבחרים',
    signOutOthers: { one: 'ניתוק חיבור אחר אחד', other: 'ניתוק כל {count} החיבורים האחרים' },
    unused: 'לא בשימוש 90 יום',
    unusedAdvice: 'נתקו מכשירים שאינכם משתמשים בהם עוד.',
  },
  session: {
    ...ENGLISH_PAGES.session,
    thisBrowser: 'הדפדפן הזה',
    activeNow: 'פעיל עכשיו',
    lastActive: 'פעיל לאחרונה {time}',
    signedIn: 'התחברות {time}',
    signOut: 'ניתוק',
    signOutNamed: 'ניתוק {title}',
    back: 'כל החיבורים',
  },
  history: { ...ENGLISH_PAGES.history, title: 'היסטוריה', 'signed-in': 'התחברות' },
  notMe: {
    ...ENGLISH_PAGES.notMe,
    title: 'האם זה הייתם אתם?',
    introduction: 'מישהו התחבר לחשבון שלכם.',
    question: 'היה זה מישהו אחר?',
    button: 'זה לא הייתי אני',
  },
  choice: {
    ...ENGLISH_PAGES.choice,
    title: 'אתם מחוברים יותר מדי פעמים',
    introduction: 'בחרו את החיבורים שברצונכם לנתק.',
    button: 'ניתוק הנבחרים והתחברות',
  },
};
