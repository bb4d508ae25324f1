// Passport 0.6 is installed under this name, beside Passport 0.7. The parts that the tests use have the same types in both.
declare module 'passport6' {
  import type passport from 'passport';
  export const Passport: typeof passport.Passport;
}
