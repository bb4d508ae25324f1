'use strict';

const path = require('node:path');

const express = require('express');
const session = require('express-session');
const passport = require('passport');
const { Strategy } = require('passport-local');

const users = require('./users');

passport.use(
  new Strategy((username, password, done) => {
    users
      .check(username, password)
      .then((user) => done(null, user ?? false, { message: 'Incorrect username or password.' }), done);
  }),
);
passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) => {
  users.findById(id).then((user) => done(null, user ?? false), done);
});

const app = express();
app.set('views', path.join(__dirname, 'views'));
app.set('view engine', 'ejs');
app.use(express.urlencoded({ extended: false }));
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }));
app.use(passport.session());

app.use((req, res, next) => {
  res.locals.user = req.user;
  res.locals.messages = req.session.messages ?? [];
  delete req.session.messages;
  next();
});

function ensureLoggedIn(req, res, next) {
  if (req.isAuthenticated()) return next();
  req.session.returnTo = req.originalUrl;
  res.redirect('/login');
}

app.get('/', (req, res) => res.render('home'));
app.get('/settings', ensureLoggedIn, (req, res) => res.render('settings'));
app.get('/login', (req, res) => res.render('login'));
app.post(
  '/login',
  passport.authenticate('local', {
    successReturnToOrRedirect: '/',
    failureRedirect: '/login',
    failureMessage: true,
    keepSessionInfo: true,
  }),
);
app.post('/logout', (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.redirect('/')));
});

module.exports = app;
