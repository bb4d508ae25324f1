// Express 4 is installed under this name, beside Express 5. What the tests use of the two has the same types.
declare module 'express4' {
  import express from 'express';
  export default express;
}
