'use strict';

const pgStore = require('connect-pg-simple');
const express = require('express');
const session = require('express-session');

const db = require('./db');
const users = require('./users');

const app = express();
app.use(express.json());
app.use(
  session({
    secret: process.env.SESSION_SECRET,
    store: new (pgStore(session))({ pool: db, createTableIfMissing: true }),
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 30 * 24 * 60 * 60 * 1000, secure: process.env.NODE_ENV === 'production' },
  }),
);

app.post('/api/login', (req, res, next) => {
  users
    .check(req.body.username, req.body.password)
    .then((user) => {
      if (!user) return res.status(401).json({ error: 'Wrong name or password' });
      req.session.regenerate((error) => {
        if (error) return next(error);
        req.session.userId = user.id;
        res.json({ name: user.name });
      });
    })
    .catch(next);
});

app.use('/api', (req, res, next) => {
  if (!req.session.userId) return res.status(401).json({ error: 'Sign in first' });
  req.userId = req.session.userId;
  next();
});

app.get('/api/me', (req, res, next) => {
  users.findById(req.userId).then((user) => res.json({ name: user.name }), next);
});
app.post('/api/logout', (req, res, next) => {
  req.session.destroy((error) => (error ? next(error) : res.sendStatus(204)));
});

app.use((error, req, res, _next) => {
  res.status(error.status ?? 500).json({ error: error.message });
});

module.exports = app;
