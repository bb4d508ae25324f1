export { memory } from '../store/memory';
export { cookieHeader, type ResponseWithCookies } from './cookie-header';
export { signInAs, type TestAgent } from './sign-in-as';
export { TestClock } from './test-clock';
