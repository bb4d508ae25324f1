'use strict';

const express = require('express');
const session = require('express-session');
const passport = require('passport');
const { Strategy } = require('passport-local');

const users = require('./users');

passport.use(
  new Strategy((username, password, done) => {
    users.check(username, password).then((user) => done(null, user ?? false), done);
  }),
);
passport.serializeUser((user, done) => done(null, { id: user.id, name: user.name }));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }));
app.use(passport.session());

app.get('/', (req, res) => res.json({ user: req.user?.name ?? null }));
app.post(
  '/login',
  passport.authenticate('local', { successReturnToOrRedirect: '/', failureRedirect: '/login?failed' }),
);
app.post('/logout', (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.redirect('/')));
});

module.exports = app;
