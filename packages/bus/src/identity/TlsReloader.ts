import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { FileWatcher, fileVersion } from "./FileWatcher.ts";
import type { TlsBundle } from "./readBundle.ts";

const dayMs = 86_400_000;
/** How long before a certificate ends that is told, once a day; milliseconds. */
const soonMs = 14 * dayMs;
/** How long files may be of no use before that is told: they may be in the middle of being replaced; milliseconds. */
const settleMs = 1000;

/** What a {@link TlsReloader} follows. */
export interface TlsReloaderOptions<Tls extends TlsBundle> {
  /** The certificate with its key, and what else belongs to it. */
  readonly files: readonly string[];
  /**
   * Reads all of them.
   *
   * @throws PeekError `TLS_UNUSABLE`
   */
  readonly read: () => Tls;
  /** Takes what was read, at first and each time that something has changed. */
  readonly use: (tls: Tls) => void;
  readonly logger: Logger;
}

/**
 * Follows the files of a certificate, so that a renewed one is used without a restart. While they are of no use, the one
 * before stays. Tells when the one in use is about to end.
 */
export class TlsReloader<Tls extends TlsBundle> implements Disposable {
  readonly #options: TlsReloaderOptions<Tls>;
  readonly #watches: readonly FileWatcher[];
  #version: string | undefined;
  /** What is in use. */
  #bundle: TlsBundle;
  /** Since when the files are of no use; `performance.now()`. */
  #failsSince: number | undefined;
  #toldFailure: string | undefined;
  #toldEndAt = -Infinity;

  /**
   * Reads the files, gives them to `use`, and begins to follow them.
   *
   * @throws What `read` and `use` throw.
   */
  constructor(options: TlsReloaderOptions<Tls>) {
    this.#options = options;
    this.#version = this.#versionNow();
    this.#bundle = this.#read();
    this.#watches = options.files.map((file) => new FileWatcher(file, () => this.#look()));
    this.#warnBeforeExpiry();
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
  }

  #look(): void {
    // Asked for before the files are read: a change in between is seen the next time.
    const version = this.#versionNow();
    if (version !== this.#version) this.#reread(version);
    this.#warnBeforeExpiry();
  }

  #reread(version: string): void {
    try {
      this.#bundle = this.#read();
    } catch (thrown) {
      this.#failed(messageOf(thrown));
      return;
    }
    this.#version = version;
    this.#failsSince = undefined;
    this.#toldFailure = undefined;
    this.#toldEndAt = -Infinity;
    const { subject, validTo } = this.#bundle;
    this.#options.logger.info(
      "The certificate was replaced: that of %s is used now, until %s",
      subject,
      validTo.toISOString(),
    );
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
    if (now - this.#failsSince < settleMs || message === this.#toldFailure) return;
    this.#toldFailure = message;
    this.#options.logger.error("%s The certificate from before stays in use", message);
  }

  #warnBeforeExpiry(): void {
    const { subject, validTo } = this.#bundle;
    const now = Date.now();
    if (validTo.getTime() - now > soonMs || now - this.#toldEndAt < dayMs) return;
    this.#toldEndAt = now;
    const { files, logger } = this.#options;
    const level = validTo.getTime() > now ? "warning" : "error";
    logger[level](
      "The certificate of %s in %s %s on %s. Renew it: the new one is used without a restart",
      subject,
      files[0],
      level === "warning" ? "ends" : "has ended",
      validTo.toISOString(),
    );
  }

  #versionNow(): string {
    return this.#options.files.map(fileVersion).join(" ");
  }
}
