'use strict';

const pgStore = require('connect-pg-simple');
const express = require('express');
const session = require('express-session');
const passport = require('passport');
const { Strategy } = require('passport-local');

const db = require('./db');
const users = require('./users');

passport.use(
  new Strategy((username, password, done) => {
    users.check(username, password).then((user) => done(null, user ?? false), done);
  }),
);
passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) => {
  users.findById(id).then((user) => done(null, user ?? false), done);
});

const app = express();
app.use(
  session({
    secret: process.env.SESSION_SECRET,
    store: new (pgStore(session))({ pool: db, createTableIfMissing: true }),
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 7 * 24 * 60 * 60 * 1000, secure: process.env.NODE_ENV === 'production' },
  }),
);
app.use(passport.session());
app.use(express.json());

app.post('/api/login', passport.authenticate('local', { keepSessionInfo: true }), (req, res) => {
  res.json({ name: req.user.name });
});
app.post('/api/logout', (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.sendStatus(204)));
});
app.post('/api/leave', (req, res, next) => {
  req.session.destroy((error) => (error ? next(error) : res.sendStatus(204)));
});
app.get('/api/me', (req, res) => res.json({ name: req.user?.name ?? null, cart: req.session.cart ?? [] }));
app.post('/api/cart', (req, res) => {
  req.session.cart = [...(req.session.cart ?? []), req.body.item];
  res.json(req.session.cart);
});

app.use((error, req, res, _next) => {
  res.status(error.status ?? 500).json({ error: error.message });
});

module.exports = app;
