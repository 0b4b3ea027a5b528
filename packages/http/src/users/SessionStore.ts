import { hash, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createServiceHome, makePrivateFolder, type ServiceHome, writeFileAtomic } from "@peek/config";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { z } from "zod";
import type { SiteName } from "../site/SiteName.ts";

const dayMs = 86_400_000;
const maxFileBytes = 16 * 1024 * 1024;
const maxSessions = 10_000;
const maxSessionsOfUser = 100;
/** How long changes are gathered before they are written. */
const gatherMs = 50;
/** How outdated the time of the last use in the file may be. */
const maxUseAgeMs = 3_600_000;

const sessionSchema = z.object({
  hash: z.string().regex(/^[\w-]{43}$/),
  /** The user's id. */
  user: z.string().min(1).max(100),
  /** The site for which it was created. */
  audience: z.enum(["admin", "field", "office"]),
  generation: z.uuid(),
  device: z.string().min(1).max(100),
  made: z.int(),
  used: z.int(),
});
const fileSchema = z.object({
  sessions: z.array(z.union([sessionSchema, sessionSchema.omit({ audience: true })])).max(maxSessions * 2),
});

/** A session in the file, with the hash of its id. */
export type SessionEntry = Readonly<z.infer<typeof sessionSchema>>;

/** The options of {@link SessionStore}. */
export interface SessionStoreOptions {
  /** The home of logic. */
  readonly home: ServiceHome;
  /** How many days after its last use a session ends. */
  readonly days: number;
  readonly logger: Logger;
}

/**
 * The sessions of users, in a file in logic's home, so that they outlast logic's process. Only that process writes the file. Disposal
 * writes pending changes.
 */
export class SessionStore implements AsyncDisposable {
  readonly #file: string;
  readonly #options: SessionStoreOptions;
  readonly #lifetimeMs: number;
  readonly #sessions = new Map<string, { readonly entry: SessionEntry; used: number; written: number }>();
  #saving: Promise<void> | undefined;

  /** Reads the file. An unreadable or damaged file is logged, and all users have to log in again. */
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
   * Creates a session. Resolves when it is written.
   *
   * @returns Its id, only for the browser.
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

  /** Finds a session of a site that has not expired. This counts as a use of the session. */
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

  /** Ends a session of a site. Does nothing when it does not exist. */
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

  /** Resolves when the present sessions are in the file, or writing has failed. */
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
        "Failed to write %s: %s. Sessions end with this process",
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
      if (known.length < all.length) this.#logWithoutSite(all.length - known.length);
      return known;
    } catch (error) {
      this.#options.logger.error("Failed to read %s: %s. All users have to log in again", this.#file, messageOf(error));
      return [];
    }
  }

  /** In older versions, a session was valid for all sites. */
  #logWithoutSite(count: number): void {
    this.#options.logger.warning(
      "%d sessions in %s do not name their site and have ended: their users have to log in again",
      count,
      this.#file,
    );
  }
}

/** The hash that identifies a session outside its browser. The id is as random as a key, so one round of a fast hash protects it. */
export function hashOfSession(id: string): string {
  return hash("sha256", id, "base64url");
}
