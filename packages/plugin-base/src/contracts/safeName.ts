/**
 * Whether a name means nothing to JavaScript itself: objects that are made of it later have no `constructor`,
 * `toString` or `__proto__` that is data.
 */
export function isSafeName(name: string): boolean {
  return name !== "" && !(name in Object.prototype);
}
