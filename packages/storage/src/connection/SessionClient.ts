import { Client, type ClientConfig } from "pg";

/**
 * A client that connects with nothing but its account, its database and its name: neither with what the user's shell
 * has in PGOPTIONS, nor with settings, which a pooler between would refuse.
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

  /** What the startup packet has; called by `pg`. */
  getStartupConf(): Readonly<Record<string, string>> {
    return this.#startup;
  }
}
