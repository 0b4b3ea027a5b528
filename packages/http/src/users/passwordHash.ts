import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(argon2);

/** The cost of a hash: the minimum that OWASP recommends for argon2id. */
const work = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;

/** `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, with an upper bound of the cost. */
export const passwordHashPattern: RegExp =
  /^\$argon2id\$v=19\$m=(\d{2,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

/** Hashes a password with a new salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive("argon2id", { message: bytesOf(password), nonce: salt, tagLength: hashBytes, ...work });
  const { memory, passes, parallelism } = work;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${plain(salt)}$${plain(hash)}`;
}

/** Whether a password matches a hash. Without a hash, it takes the same time and returns false. */
export async function verifyPassword(password: string, text: string | undefined): Promise<boolean> {
  const [, m, t, p, salt = "", hash = ""] = passwordHashPattern.exec(text ?? dummyHash) ?? [];
  const expected = Buffer.from(hash, "base64");
  const given = await derive("argon2id", {
    message: bytesOf(password),
    nonce: Buffer.from(salt, "base64"),
    tagLength: expected.length,
    memory: Number(m),
    passes: Number(t),
    parallelism: Number(p),
  });
  return timingSafeEqual(given, expected) && text !== undefined;
}

/** Matches no password, and has the cost of other hashes. */
const dummyHash = `$argon2id$v=19$m=${work.memory},t=${work.passes},p=${work.parallelism}$${"A".repeat(22)}$${"A".repeat(43)}`;

/** Keyboards compose the same character in different ways. */
function bytesOf(password: string): Buffer {
  return Buffer.from(password.normalize("NFC"));
}

function plain(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
