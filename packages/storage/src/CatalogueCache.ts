import { PeekError } from "@peek/errors";
import { type Catalogue, type PluginSchema, readCatalogue } from "./catalogue/readCatalogue.ts";
import type { Logger } from "@peek/plugin-base";
import type { OpenDatabase } from "./openDatabase.ts";
import { plannedSchema, provisionSchemas } from "./provisioning/provisionSchemas.ts";

/** The maximum age of an answer that several waiting plugins share. */
const maxAgeMs = 400;

/** The catalogue as it was last read: which plugins have a schema, and which migrations were applied. */
export class CatalogueCache {
  readonly #database: OpenDatabase;
  /** The plugins whose schema could not be provisioned. */
  readonly #refused: Map<string, PeekError>;
  #current: Catalogue | undefined;
  #reading: Promise<Catalogue | undefined> | undefined;
  #readAt = -Infinity;

  constructor(database: OpenDatabase) {
    this.#database = database;
    this.#current = database.catalogue;
    this.#refused = new Map(database.refused);
  }

  /** As last read; undefined when Peek had no tables in the database. */
  get current(): Catalogue | undefined {
    return this.#current;
  }

  set current(catalogue: Catalogue | undefined) {
    this.#current = catalogue;
  }

  /**
   * The schema of a plugin.
   *
   * @throws PeekError `STORAGE_SCHEMA_…` or `STORAGE_ROLE_TAKEN` when it could not be provisioned.
   */
  schemaOf(plugin: string): PluginSchema {
    const refusal = this.#refused.get(plugin);
    if (refusal !== undefined) throw refusal;
    const pluginSchema = this.#current?.pluginSchemas.get(plugin);
    if (pluginSchema !== undefined) return pluginSchema;
    throw new PeekError("INTERNAL", `The catalogue of the database has no schema of ${plugin} after provisioning.`);
  }

  /**
   * Creates the schema and the role of a plugin, where they are missing.
   *
   * @throws PeekError `STORAGE_SCHEMA_…` or `STORAGE_ROLE_TAKEN` when it cannot be provisioned; `STORAGE_UNAVAILABLE` or
   *   `STORAGE_REFUSED`.
   */
  async provision(plugin: string, logger: Logger): Promise<void> {
    const { pool, target, serverInfo } = this.#database;
    const { catalogue, refused } = await pool.use(({ client }) =>
      provisionSchemas(client, target, serverInfo, [plugin], this.#current, logger),
    );
    this.#current = catalogue;
    const refusal = refused.get(plugin);
    if (refusal !== undefined) throw refusal;
    this.#refused.delete(plugin);
  }

  /** The schema that a plugin has in a catalogue, or that provisioning would create. */
  plannedSchema(plugin: string, catalogue: Catalogue | undefined): PluginSchema {
    const { target, serverInfo } = this.#database;
    return plannedSchema(plugin, target.database, serverInfo, catalogue?.pluginSchemas.get(plugin));
  }

  /**
   * Reads the catalogue again. Calls that overlap or follow shortly share one answer.
   *
   * @returns undefined while the database is unavailable, or when Peek has no tables in it.
   */
  refresh(): Promise<Catalogue | undefined> {
    if (this.#reading === undefined || performance.now() - this.#readAt > maxAgeMs) {
      // An answer that has not arrived yet does not age.
      this.#readAt = Infinity;
      this.#reading = this.#read();
    }
    return this.#reading;
  }

  /** As {@link refresh}, and never shares an answer that was asked for before. */
  reread(): Promise<Catalogue | undefined> {
    this.#reading = undefined;
    return this.refresh();
  }

  async #read(): Promise<Catalogue | undefined> {
    const { pool, health } = this.#database;
    try {
      this.#current = await pool.use(({ client }) => readCatalogue(client));
      return this.#current;
    } catch (error) {
      // The pool has reported the failure to the health state, which the caller polls.
      if (health.available) throw error;
      return undefined;
    } finally {
      this.#readAt = performance.now();
    }
  }
}
