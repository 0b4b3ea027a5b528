import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { FileWatcher, fileVersion } from "./FileWatcher.ts";
import type { TlsBundle } from "./readBundle.ts";

const dayMs = 86_400_000;
/** How long before the end of a certificate the daily warnings begin. */
const warningMs = 14 * dayMs;
/** How long unusable files are tolerated without an error: they may be in the middle of being replaced. */
const settleMs = 1000;

/** The files of a {@link TlsReloader}. */
export interface TlsReloaderOptions<Tls extends TlsBundle> {
  /** The certificate with its key, and all other files that belong to it. */
  readonly files: readonly string[];
  /**
   * Reads all files.
   *
   * @throws PeekError `TLS_UNUSABLE`
   */
  readonly read: () => Tls;
  /** Called with the certificate at first, and after each change. */
  readonly use: (tls: Tls) => void;
  readonly logger: Logger;
}

/**
 * Watches the files of a certificate, so that a renewed certificate is used without a restart. While the files are unusable, the
 * previous certificate stays in use. Warns before the certificate expires.
 */
export class TlsReloader<Tls extends TlsBundle> implements Disposable {
  readonly #options: TlsReloaderOptions<Tls>;
  readonly #watchers: readonly FileWatcher[];
  #version: string | undefined;
  /** The certificate in use. */
  #bundle: TlsBundle;
  /** Since when the files are unusable; `performance.now()`. */
  #failsSince: number | undefined;
  #loggedFailure: string | undefined;
  #warnedAt = -Infinity;

  /**
   * Reads the files, passes them to `use`, and watches them.
   *
   * @throws The error of `read` or `use`.
   */
  constructor(options: TlsReloaderOptions<Tls>) {
    this.#options = options;
    this.#version = this.#currentVersion();
    this.#bundle = this.#read();
    this.#watchers = options.files.map((file) => new FileWatcher(file, () => this.#check()));
    this.#warnBeforeExpiry();
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher[Symbol.dispose]();
  }

  #check(): void {
    // Taken before the files are read: a change in between is detected the next time.
    const version = this.#currentVersion();
    if (version !== this.#version) this.#reload(version);
    this.#warnBeforeExpiry();
  }

  #reload(version: string): void {
    try {
      this.#bundle = this.#read();
    } catch (thrown) {
      this.#failed(messageOf(thrown));
      return;
    }
    this.#version = version;
    this.#failsSince = undefined;
    this.#loggedFailure = undefined;
    this.#warnedAt = -Infinity;
    const { subject, validTo } = this.#bundle;
    this.#options.logger.info("Reloaded the certificate of %s, valid until %s", subject, validTo.toISOString());
  }

  #read(): TlsBundle {
    const { read, use } = this.#options;
    const tls = read();
    use(tls);
    return tls;
  }

  #failed(message: string): void {
    const now = performance.now();
    this.#failsSince ??= now;
    if (now - this.#failsSince < settleMs || message === this.#loggedFailure) return;
    this.#loggedFailure = message;
    this.#options.logger.error("%s The previous certificate stays in use", message);
  }

  #warnBeforeExpiry(): void {
    const { subject, validTo } = this.#bundle;
    const now = Date.now();
    if (validTo.getTime() - now > warningMs || now - this.#warnedAt < dayMs) return;
    this.#warnedAt = now;
    const { files, logger } = this.#options;
    const level = validTo.getTime() > now ? "warning" : "error";
    logger[level](
      "The certificate of %s in %s %s on %s. Renew it: the new one is used without a restart",
      subject,
      files[0],
      level === "warning" ? "expires" : "expired",
      validTo.toISOString(),
    );
  }

  #currentVersion(): string {
    return this.#options.files.map(fileVersion).join(" ");
  }
}
