export { memory } from '../store/memory';
export { cookieHeader, type HeadersWithCookies, type ResponseWithCookies } from './cookie-header';
export { signInAs, type TestAgent } from './sign-in-as';
export { TestClock } from './test-clock';
