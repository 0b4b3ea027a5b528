/** The keys of config.json whose whole values are secrets. */
const secretKeys: ReadonlySet<PropertyKey> = new Set(["password", "token"]);
/** The keys of URLs, which may contain a password. */
const urlKeys: ReadonlySet<PropertyKey> = new Set(["connectUrl", "servers"]);

/** Whether the whole value of a key of config.json is a secret. */
export function isSecretKey(key: PropertyKey): boolean {
  return secretKeys.has(key);
}

/** Whether the value of a key of config.json may contain a secret, even where the value is invalid. */
export function mayContainSecret(key: PropertyKey): boolean {
  return secretKeys.has(key) || urlKeys.has(key);
}

/** A copy of a part of config.json for a message, without values that may contain secrets. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mayContainSecret(key) ? "[redacted]" : withoutSecrets(inner)]),
  );
}
