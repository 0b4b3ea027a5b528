import { PeekError } from "@peek/errors";

const minLength = 8;
/** A longer password would be too much work to hash. */
export const maxPasswordLength = 1000;

/** @throws PeekError `USER_INVALID` for a password that is too short or too long. */
export function checkPassword(password: string): void {
  const characters = Array.from(password.normalize("NFC")).length;
  if (characters === 0) throw invalid(`The password is empty. It needs at least ${minLength} characters.`);
  if (characters < minLength) throw invalid(`A password needs at least ${minLength} characters.`);
  if (password.length > maxPasswordLength) {
    throw invalid(`A password can have at most ${maxPasswordLength} characters.`);
  }
}

function invalid(message: string): PeekError {
  return new PeekError("USER_INVALID", message);
}
