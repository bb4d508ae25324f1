'use strict';

const { scryptSync, timingSafeEqual } = require('node:crypto');

const hashed = (password, salt) => scryptSync(password, salt, 32);

const users = [
  { id: 1, name: 'alice', hash: hashed('wonderland', 'alice') },
  { id: 2, name: 'bob', hash: hashed('builder', 'bob') },
];

exports.findById = async (id) => users.find((user) => user.id === Number(id));

/** Returns the user, or undefined if the name or the password is wrong. */
exports.check = async (name, password) => {
  const user = users.find((each) => each.name === name);
  return user && timingSafeEqual(user.hash, hashed(String(password), name)) ? user : undefined;
};
