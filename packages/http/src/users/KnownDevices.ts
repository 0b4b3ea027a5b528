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
 * Marks the browsers on which a user has logged in, by a token that the browser keeps: an attempt to log in that comes with
 * one is not counted among those of strangers. The token says nothing by which anybody is let in.
 */
export class KnownDevices {
  readonly #home: ServiceHome;
  readonly #logger: Logger;
  #key: Buffer | undefined;

  /** @param home Of logic, which keeps the key of the tokens. Reads nothing yet. */
  constructor(home: ServiceHome, logger: Logger) {
    this.#home = home;
    this.#logger = logger;
  }

  /** A token for a browser on which a user has just logged in. */
  mark(userId: string): string {
    const nonce = randomBytes(12).toString("base64url");
    return `${nonce}.${this.#sign(userId, nonce).toString("base64url")}`;
  }

  /**
   * Which of a browser's tokens is of a user.
   *
   * @returns The token, and by what attempts with it are counted; undefined when there is none.
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
      if (!keyPattern.test(text)) throw new Error("it has no key in it");
      return Buffer.from(text, "base64url");
    } catch (error) {
      this.#logger.error("%s cannot be used: %s. No browser is known, until a user logs in", file, messageOf(error));
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
        "%s cannot be written: %s. The browsers that are known now will not be after a restart",
        this.#file,
        messageOf(error),
      );
    }
    return key;
  }
}
