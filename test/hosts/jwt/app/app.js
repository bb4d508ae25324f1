'use strict';

const { randomUUID } = require('node:crypto');

const express = require('express');
const jwt = require('jsonwebtoken');

const users = require('./users');

const SECRET = process.env.JWT_SECRET;

const app = express();
app.use(express.json());

app.post('/api/login', (req, res, next) => {
  users
    .check(req.body.username, req.body.password)
    .then((user) => {
      if (!user) return res.status(401).json({ error: 'Wrong name or password' });
      const token = jwt.sign({}, SECRET, { subject: String(user.id), jwtid: randomUUID(), expiresIn: '30d' });
      res.json({ token });
    })
    .catch(next);
});

function readToken(req) {
  try {
    return jwt.verify(req.get('Authorization')?.replace(/^Bearer /, ''), SECRET);
  } catch {
    return undefined;
  }
}

app.use('/api', (req, res, next) => {
  const token = readToken(req);
  if (!token) return res.status(401).json({ error: 'Sign in first' });
  req.userId = token.sub;
  next();
});

app.get('/api/me', (req, res, next) => {
  users.findById(req.userId).then((user) => res.json({ name: user.name }), next);
});

module.exports = app;
