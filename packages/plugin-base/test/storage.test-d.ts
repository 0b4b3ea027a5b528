import { expectTypeOf } from "vitest";
import {
  type PeekLogicPlatformHook,
  PluginLogicEntryHookABC,
  type PluginLogicEntryHookClass,
} from "@peek/plugin-base/logic";
import { PluginOfficeEntryHookABC } from "@peek/plugin-base/office";
import type {
  BigInteger,
  Bytes,
  Generated,
  Json,
  Migration,
  MigrationDatabase,
  Numeric,
  PluginStorage,
  Timestamp,
} from "@peek/plugin-base/storage";
import { PluginWorkerEntryHookABC, type PluginWorkerEntryHookClass } from "@peek/plugin-base/worker";

interface Tables {
  readonly pump: {
    readonly id: Generated<number>;
    readonly name: string;
    readonly turns: BigInteger;
    readonly price: Numeric | null;
    readonly built_at: Timestamp;
    readonly picture: Bytes;
    readonly tags: Json<readonly string[]>;
  };
}

class WithTables extends PluginLogicEntryHookABC<Tables> {
  readonly #storage = this.platform.storage;

  override async load(): Promise<void> {
    expectTypeOf(this.platform).toEqualTypeOf<PeekLogicPlatformHook<Tables>>();
    expectTypeOf(this.#storage).toEqualTypeOf<PluginStorage<Tables>>();
    expectTypeOf(this.#storage.schema).toEqualTypeOf<string>();
  }
  override async start(): Promise<void> {
    const { db } = this.#storage;
    const pump = await db.selectFrom("pump").selectAll().executeTakeFirstOrThrow();
    expectTypeOf(pump).toEqualTypeOf<{
      id: number;
      name: string;
      turns: bigint;
      price: string | null;
      built_at: string;
      picture: Buffer;
      tags: readonly string[];
    }>();
    const counted = await db
      .selectFrom("pump")
      .select(({ fn }) => [
        fn.countAll().as("all"),
        fn.countAll<number>().as("said"),
        fn.countAll("pump").as("table"),
        fn.count("name").distinct().as("names"),
        fn.sum("id").as("ids"),
        fn.sum("turns").as("turns"),
        fn.sum("price").as("prices"),
        fn.sum<number>("turns").as("saidTurns"),
        fn.avg("id").as("averageId"),
        fn.avg("price").as("averagePrice"),
        fn.max("turns").as("most"),
      ])
      .executeTakeFirstOrThrow();
    expectTypeOf(counted).toEqualTypeOf<{
      all: bigint;
      said: bigint;
      table: bigint;
      names: bigint;
      ids: bigint | number | null;
      turns: string | null;
      prices: string | null;
      saidTurns: bigint | number | string | null;
      averageId: number | string | null;
      averagePrice: string | null;
      most: bigint;
    }>();
    const grouped = await db.selectFrom("pump").select(db.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
    expectTypeOf(grouped.count).toEqualTypeOf<bigint>();
    // @ts-expect-error -- there is no such table
    db.selectFrom("valve");
    // @ts-expect-error -- there is no such column
    db.selectFrom("pump").select("colour");
    // @ts-expect-error -- what has no default is needed
    db.insertInto("pump").values({ name: "north" });
    db.insertInto("pump").values({
      name: "north",
      turns: 5,
      built_at: new Date(),
      picture: new Uint8Array(),
      tags: ["old"],
    });
    // @ts-expect-error -- a number is not exact enough to be read, only to be written
    expectTypeOf(pump.turns).toEqualTypeOf<number>();
    const result = await this.#storage.transaction(
      async (transaction) => {
        await transaction.updateTable("pump").set({ turns: 6n }).execute();
        return 5 as const;
      },
      { isolation: "serializable", readOnly: false, retries: 1 },
    );
    expectTypeOf(result).toEqualTypeOf<5>();
    // @ts-expect-error -- PostgreSQL has no such level of its own
    await this.#storage.transaction(async () => undefined, { isolation: "snapshot" });
    expectTypeOf(
      await this.#storage.withClient(async (client) => (await client.query("SELECT 1")).rowCount),
    ).toEqualTypeOf<number | null>();
  }
  override stop(): void {}
  override unload(): void {}
}

class WithoutTables extends PluginLogicEntryHookABC {
  override load(): void {
    // @ts-expect-error -- a plugin that names no tables has no storage
    void this.platform.storage;
  }
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

class OnWorker extends PluginWorkerEntryHookABC<Tables> {
  override load(): void {
    expectTypeOf(this.platform.storage).toEqualTypeOf<PluginStorage<Tables>>();
  }
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

export class OnOffice extends PluginOfficeEntryHookABC {
  override load(): void {
    // @ts-expect-error -- the office has no database
    void this.platform.storage;
  }
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

export function peekLogicEntryHooks(): readonly PluginLogicEntryHookClass[] {
  return [WithTables, WithoutTables];
}

export function peekWorkerEntryHook(): PluginWorkerEntryHookClass {
  return OnWorker;
}

// @ts-expect-error -- the classes of one service are not those of another
export const wrong: PluginWorkerEntryHookClass = WithTables;

export const migration = {
  async up(db: MigrationDatabase): Promise<void> {
    await db.schema.createTable("anything").execute();
    await db.selectFrom("whatever").select("column").execute();
  },
} satisfies Migration;

// @ts-expect-error -- a way back alone is no migration
export const backwards: Migration = { async down(): Promise<void> {} };
