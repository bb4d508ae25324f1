'use strict';

const cookieParser = require('cookie-parser');
const express = require('express');
const sessions = require('express-identity-sessions');
const createKnex = require('knex');
const tour = require('./tour.cjs');

async function main() {
  const plain = await tour({ express, createKnex, sessions, userId: 'alice' });
  const parsed = await tour({ express, createKnex, sessions, cookieParser, userId: 'bob' });
  console.log(JSON.stringify([plain, parsed]));
}

void main();
