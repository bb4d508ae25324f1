import { invalidRequest } from '../errors';

/** @throws SessionError `invalid-request` if the value is not a whole number within the limits */
export function wholeNumber(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidRequest(name, '"{name}" must be a whole number from {min} to {max}.', { min, max });
}
