'use strict';

const cors = require('cors');
const express = require('express');
const session = require('express-session');

const users = require('./users');

const app = express();
app.use(cors({ origin: 'https://app.example.com', credentials: true }));
app.use(express.json());
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }));

app.post('/login', (req, res, next) => {
  users
    .check(req.body.username, req.body.password)
    .then((user) => {
      if (!user) return res.status(401).json({ error: 'Wrong name or password' });
      req.session.userId = user.id;
      res.json({ name: user.name });
    })
    .catch(next);
});

app.use((req, res, next) => {
  if (!req.session.userId) return res.status(401).json({ error: 'Sign in first' });
  req.userId = req.session.userId;
  next();
});

app.get('/me', (req, res, next) => {
  users.findById(req.userId).then((user) => res.json({ name: user.name }), next);
});
app.delete('/session', (req, res, next) => {
  req.session.destroy((error) => (error ? next(error) : res.sendStatus(204)));
});

module.exports = app;
