import cookieParser from 'cookie-parser';
import express from 'express';
// By name and from an `import`, as users write it: Node has to find the names in a CommonJS module.
import {
  createIdentitySessionManager,
  createSignIn,
  migrate,
  restRouter,
  sessionErrors,
  sessionSecretGuard,
} from 'express-identity-sessions';
import createKnex from 'knex';
import tour from './tour.cjs';

const sessions = {
  createIdentitySessionManager,
  createSignIn,
  migrate,
  restRouter,
  sessionErrors,
  sessionSecretGuard,
};
const plain = await tour({ express, createKnex, sessions, userId: 'alice' });
const parsed = await tour({ express, createKnex, sessions, cookieParser, userId: 'bob' });
console.log(JSON.stringify([plain, parsed]));
