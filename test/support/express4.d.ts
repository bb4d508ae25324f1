// Express 4 is installed under this name, beside Express 5. The parts that the tests use have the same types in both.
declare module 'express4' {
  import express from 'express';
  export default express;
}
