import { Client, type ClientConfig } from "pg";

/**
 * A client that sends only its account, database and application name in the startup packet: neither PGOPTIONS of the
 * user's shell, nor settings, which a pooler may reject.
 */
export class SessionClient extends Client {
  readonly #startup: Readonly<Record<string, string>>;

  constructor(config: ClientConfig = {}) {
    super(config);
    this.#startup = {
      user: this.user ?? "",
      database: this.database ?? "",
      application_name: config.application_name ?? "peek",
    };
  }

  /** The contents of the startup packet; called by `pg`. */
  getStartupConf(): Readonly<Record<string, string>> {
    return this.#startup;
  }
}
