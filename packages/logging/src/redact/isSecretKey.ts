/** Longer texts are not names. */
const maxKeyLength = 100;

const secretPart = new RegExp(
  [
    ...["password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "secret(?!ar)", "token(?!i[sz])"],
    ...["cookie", "authorization", "credential", "jwt", "bearer", "connecturl", "connectionstring", "sessionid"],
    ...["(?:api|access|private|secret|signing|encryption|account|shared|master|session)key", "amzsignature"],
  ].join("|"),
);
/** Words that match only as a whole: `pass`, but not `bypass`. */
const secretWords: ReadonlySet<string> = new Set(["pass", "pwd", "passwd", "sig"]);
/** Last words of names that describe a secret without containing it: `passwordLength`, `token_expires_at`. */
const harmlessEndings: ReadonlySet<string> = new Set([
  ...[
    "age",
    "algorithm",
    "at",
    "changed",
    "count",
    "endpoint",
    "expires",
    "expiry",
    "field",
    "file",
    "hint",
    "id",
    "in",
  ],
  ...[
    "invalid",
    "kind",
    "length",
    "limit",
    "max",
    "min",
    "missing",
    "ms",
    "name",
    "names",
    "path",
    "policy",
    "required",
  ],
  ...["rule", "rules", "seconds", "set", "status", "type", "uri", "url", "used", "valid"],
]);

/** Whether the value of this key is a secret, in any spelling: `clientSecret`, `api_key`, `Set-Cookie`. */
export function isSecretKey(key: string): boolean {
  if (key.length > maxKeyLength) return false;
  const words = wordsOf(key);
  const last = words.at(-1);
  if (last === undefined) return false;
  if (words.length > 1 && harmlessEndings.has(last)) return isWhole(words);
  return words.some((word) => secretWords.has(word)) || secretPart.test(words.join(""));
}

/** Whether a name with a harmless last word is the name of a secret as a whole. */
function isWhole(words: readonly string[]): boolean {
  return /(?:connecturl|sessionid)$/.test(words.join(""));
}

/** Whether the name is a plural, such as `tokens`: a number is a count then. */
export function isPlural(key: string): boolean {
  return /(?:cookies|passwords|secrets|tokens)$/i.test(key);
}

function wordsOf(key: string): readonly string[] {
  return key
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== "");
}
