import { hash, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createServiceHome, makePrivateFolder, type ServiceHome, writeFileAtomic } from "@peek/config";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { z } from "zod";
import type { SiteName } from "../site/HttpSiteOptions.ts";

const dayMs = 86_400_000;
const maxFileBytes = 16 * 1024 * 1024;
const maxSessions = 10_000;
const maxSessionsOfUser = 100;
/** How long several changes are gathered before they are written; milliseconds. */
const gatherMs = 50;
/** How old the time of the last use in the file may be; milliseconds. */
const maxUseAgeMs = 3_600_000;

const sessionSchema = z.object({
  hash: z.string().regex(/^[\w-]{43}$/),
  /** The id of the user. */
  user: z.string().min(1).max(100),
  /** The kind of site that it was made for. */
  audience: z.enum(["admin", "field", "office"]),
  generation: z.uuid(),
  device: z.string().min(1).max(100),
  made: z.int(),
  used: z.int(),
});
const fileSchema = z.object({
  sessions: z.array(z.union([sessionSchema, sessionSchema.omit({ audience: true })])).max(maxSessions * 2),
});

/** What is kept of a session; its id is not. */
export type SessionEntry = Readonly<z.infer<typeof sessionSchema>>;

/** What a {@link SessionStore} works with. */
export interface SessionStoreOptions {
  /** Of logic. */
  readonly home: ServiceHome;
  /** How long a session lasts since it was used last; days. */
  readonly days: number;
  readonly logger: Logger;
}

/**
 * The sessions of users, in logic's home: they outlast its process. Nobody but logic's process writes the file. Disposing
 * it writes what is not written yet.
 */
export class SessionStore implements AsyncDisposable {
  readonly #file: string;
  readonly #options: SessionStoreOptions;
  readonly #lifetimeMs: number;
  readonly #sessions = new Map<string, { readonly entry: SessionEntry; used: number; written: number }>();
  #saving: Promise<void> | undefined;

  /** Reads the file; where that cannot be read, that is logged, and everybody has to log in again. */
  constructor(options: SessionStoreOptions) {
    this.#options = options;
    this.#file = join(options.home.usersDir, "sessions.json");
    this.#lifetimeMs = options.days * dayMs;
    for (const entry of this.#read()) {
      this.#sessions.set(entry.hash, { entry, used: entry.used, written: entry.used });
    }
    this.#dropExpired();
  }

  /**
   * Makes a session, and settles when it is written.
   *
   * @returns Its id, for the browser alone.
   */
  async create(session: Omit<SessionEntry, "hash" | "made" | "used">): Promise<string> {
    const id = randomBytes(32).toString("base64url");
    const now = Date.now();
    const entry = { ...session, hash: hashOfSession(id), made: now, used: now };
    this.#makeRoom(entry.user);
    this.#sessions.set(entry.hash, { entry, used: now, written: now });
    await this.#save();
    return id;
  }

  /** A session of a kind of site that has not expired; that it is asked for is a use. */
  find(hash: string, audience: SiteName): SessionEntry | undefined {
    const found = this.#sessions.get(hash);
    if (found?.entry.audience !== audience) return undefined;
    const now = Date.now();
    if (this.#isExpired(found.used, now)) {
      this.end(hash, audience);
      return undefined;
    }
    found.used = now;
    if (Math.abs(now - found.written) > Math.min(maxUseAgeMs, this.#lifetimeMs / 20)) {
      found.written = now;
      void this.#save();
    }
    return found.entry;
  }

  /** Forgets a session of a kind of site; does nothing when there is none. */
  end(hash: string, audience: SiteName): void {
    if (this.#sessions.get(hash)?.entry.audience !== audience) return;
    this.#sessions.delete(hash);
    void this.#save();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#saving;
    if ([...this.#sessions.values()].some(({ used, written }) => used !== written)) this.#write();
  }

  #isExpired(used: number, now: number): boolean {
    return now - used > this.#lifetimeMs;
  }

  #dropExpired(): void {
    const now = Date.now();
    for (const [hash, { used }] of this.#sessions) if (this.#isExpired(used, now)) this.#sessions.delete(hash);
  }

  #makeRoom(user: string): void {
    this.#dropExpired();
    const own = [...this.#sessions.values()].filter(({ entry }) => entry.user === user);
    if (own.length >= maxSessionsOfUser) this.#dropOldest(own);
    else if (this.#sessions.size >= maxSessions) this.#dropOldest([...this.#sessions.values()]);
  }

  #dropOldest(among: readonly { readonly entry: SessionEntry; readonly used: number }[]): void {
    const oldest = among.reduce((a, b) => (b.used < a.used ? b : a));
    this.#sessions.delete(oldest.entry.hash);
  }

  /** Settles when what is known now is in the file, or could not be written. */
  #save(): Promise<void> {
    this.#saving ??= this.#saveSoon();
    return this.#saving;
  }

  async #saveSoon(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
    this.#saving = undefined;
    this.#write();
  }

  #write(): void {
    const { home, logger } = this.#options;
    const sessions = [...this.#sessions.values()].map((each) => {
      each.written = each.used;
      return { ...each.entry, used: each.used };
    });
    try {
      createServiceHome(home);
      makePrivateFolder(home.usersDir);
      writeFileAtomic(this.#file, JSON.stringify({ sessions }));
    } catch (error) {
      logger.error(
        { err: error },
        "%s cannot be written: %s. Sessions end with this process",
        this.#file,
        messageOf(error),
      );
    }
  }

  #read(): readonly SessionEntry[] {
    try {
      const size = statSync(this.#file, { throwIfNoEntry: false })?.size;
      if (size === undefined) return [];
      if (size > maxFileBytes) throw new Error(`it has more than ${maxFileBytes} bytes`);
      const all = fileSchema.parse(JSON.parse(readFileSync(this.#file, "utf8"))).sessions;
      const known = all.filter((each) => "audience" in each);
      if (known.length < all.length) this.#tellOfFirst(all.length - known.length);
      return known;
    } catch (error) {
      this.#options.logger.error("%s cannot be used: %s. Everybody has to log in again", this.#file, messageOf(error));
      return [];
    }
  }

  /** Before sessions were of a kind of site, they were good for all. */
  #tellOfFirst(count: number): void {
    this.#options.logger.warning(
      "%d sessions in %s do not say for which site they are, and have ended: their users have to log in again",
      count,
      this.#file,
    );
  }
}

/** By what a session is known to all but its browser. It is as random as a key: one round of a fast hash keeps it. */
export function hashOfSession(id: string): string {
  return hash("sha256", id, "base64url");
}
