import { isSecretKey } from "./isSecretKey.ts";
import { maskAssignments } from "./maskAssignments.ts";
import { maskUrlPasswords } from "./maskUrlPasswords.ts";
import { redacted } from "./redacted.ts";

// Tokens of services: `peek_agent_k3v9x2m7_…`, whose last part is the secret.
const serviceToken = /\b(peek_(?:logic|field|office|worker|agent)_[a-z2-7]{8}_)[\w-]{20,}/g;
const privateKey = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g;
const jwt = /\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g;
const scheme = /\b(Bearer|Basic|Digest|Negotiate)(\s{1,3})([\w.~+/=-]+)/gi;
const schemeProse =
  /^(?:and|auth|authentication|authorization|error|errors|expected|expired|failed|failure|for|header|headers|in|invalid|is|key|keys|missing|not|of|or|realm|required|scheme|token|tokens|unknown|was|without)[.:]?$/i;
const flag = /(?<![\w-])(--[\w-]{2,60})(\s{1,3})(?!-)("[^"]*"|'[^']*'|\S+)/g;
const sqlPassword = /\b(PASSWORD|IDENTIFIED\s{1,3}BY)(\s{1,3}E?)'(?:[^']|'')*(?:'|$)/gi;

/**
 * Masks the secrets in a text: passwords of URLs, values of `password=`, `"api_key":`, `Cookie:` and the like, credentials after
 * `Bearer`, private keys, and the tokens of services. The time is proportional to the length of the text.
 */
export function maskSecrets(text: string): string {
  let masked = text;
  if (masked.includes("peek_")) masked = masked.replace(serviceToken, `$1${redacted}`);
  if (masked.includes("-----BEGIN")) masked = masked.replace(privateKey, redacted);
  if (masked.includes("://") && masked.includes("@")) masked = maskUrlPasswords(masked);
  if (/[=:]/.test(masked)) masked = maskAssignments(masked);
  if (masked.includes("--")) masked = masked.replace(flag, maskFlag);
  if (masked.includes("'")) masked = masked.replace(sqlPassword, `$1$2'${redacted}'`);
  masked = masked.replace(scheme, maskScheme);
  return masked.includes("eyJ") ? masked.replace(jwt, redacted) : masked;
}

function maskFlag(whole: string, name: string, space: string): string {
  return isSecretKey(name) ? `${name}${space}${redacted}` : whole;
}

function maskScheme(whole: string, name: string, space: string, value: string): string {
  // "Basic settings" is not a login; encoded credentials contain digits, signs, or capitals inside.
  const isCode = /[\d=+/]|[a-z][A-Z]/.test(value) && value.length >= 6;
  const isSecret = name.toLowerCase() === "bearer" ? !schemeProse.test(value) : isCode;
  return isSecret ? `${name}${space}${redacted}` : whole;
}
