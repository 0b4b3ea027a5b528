import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createServiceHome, makePrivateFolder, type ServiceHome, writeFileAtomic } from "@peek/config";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";

const keyBytes = 32;
const keyPattern = /^[\w-]{43}$/;
const tokenPattern = /^([\w-]{16})\.([\w-]{43})$/;

/**
 * Recognizes browsers on which a user has logged in before, by a token that the browser keeps. Logins with such a token do not count
 * among the logins of strangers. The token does not replace the password.
 */
export class KnownDevices {
  readonly #home: ServiceHome;
  readonly #logger: Logger;
  #key: Buffer | undefined;

  /** @param home The home of logic, which has the key of the tokens. Nothing is read yet. */
  constructor(home: ServiceHome, logger: Logger) {
    this.#home = home;
    this.#logger = logger;
  }

  /** Makes a token for a browser on which a user has just logged in. */
  mark(userId: string): string {
    const nonce = randomBytes(12).toString("base64url");
    return `${nonce}.${this.#sign(userId, nonce).toString("base64url")}`;
  }

  /**
   * Finds the valid token of a user among the tokens of a browser.
   *
   * @returns The token, and the key for counting logins with it; undefined when there is none.
   */
  find(userId: string, tokens: readonly string[]): { readonly token: string; readonly key: string } | undefined {
    for (const token of tokens) {
      const [, nonce, given] = tokenPattern.exec(token) ?? [];
      if (nonce === undefined || given === undefined) continue;
      const own = this.#sign(userId, nonce);
      const other = Buffer.from(given, "base64url");
      if (own.length === other.length && timingSafeEqual(own, other)) return { token, key: `${userId} ${nonce}` };
    }
    return undefined;
  }

  #sign(userId: string, nonce: string): Buffer {
    this.#key ??= this.#readKey() ?? this.#makeKey();
    return createHmac("sha256", this.#key).update(`peek known device\n${userId}\n${nonce}`).digest();
  }

  get #file(): string {
    return join(this.#home.usersDir, "devices.key");
  }

  #readKey(): Buffer | undefined {
    const file = this.#file;
    try {
      if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
      const text = readFileSync(file, "utf8").trim();
      if (!keyPattern.test(text)) throw new Error("it does not contain a key");
      return Buffer.from(text, "base64url");
    } catch (error) {
      this.#logger.error(
        "Failed to read %s: %s. All browsers count as unknown until their users log in",
        file,
        messageOf(error),
      );
      return undefined;
    }
  }

  #makeKey(): Buffer {
    const key = randomBytes(keyBytes);
    try {
      createServiceHome(this.#home);
      makePrivateFolder(this.#home.usersDir);
      writeFileAtomic(this.#file, `${key.toString("base64url")}\n`);
    } catch (error) {
      this.#logger.error(
        "Failed to write %s: %s. After a restart, all browsers count as unknown",
        this.#file,
        messageOf(error),
      );
    }
    return key;
  }
}
