/** The keys of config.json whose values are secrets as a whole. */
const secretKeys: ReadonlySet<PropertyKey> = new Set(["password", "token"]);
/** The keys of URLs, which may have a password in them. */
const urlKeys: ReadonlySet<PropertyKey> = new Set(["connectUrl", "servers"]);

/** Whether what is under a key of config.json is a secret as a whole. */
export function isSecretKey(key: PropertyKey): boolean {
  return secretKeys.has(key);
}

/** Whether what is under a key of config.json is a secret or has one in it, even where it is not as it should be. */
export function mayHoldSecret(key: PropertyKey): boolean {
  return secretKeys.has(key) || urlKeys.has(key);
}

/** A copy of a part of config.json for a message, without what {@link mayHoldSecret}. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mayHoldSecret(key) ? "[redacted]" : withoutSecrets(inner)]),
  );
}
