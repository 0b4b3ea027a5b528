/**
 * Whether a name is not a property of all JavaScript objects, such as `constructor`, `toString` or `__proto__`.
 */
export function isSafeName(name: string): boolean {
  return name !== "" && !(name in Object.prototype);
}
