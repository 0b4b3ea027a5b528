import { PeekError } from "@peek/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppliedMigration } from "../src/catalogue/readCatalogue.ts";
import { planMigrations } from "../src/migration/planMigrations.ts";
import type { MigrationFile } from "../src/migration/readMigrations.ts";

const fileOf = (number: bigint): MigrationFile => ({
  number,
  name: `${number.toString().padStart(4, "0")}_step`,
  file: `/plugin/${number}`,
  checksum: `sum of ${number}`,
});

const recordOf = ({ name, checksum }: MigrationFile): AppliedMigration => ({
  name,
  checksum,
  appliedAt: "2026-11-22T10:00:00Z",
  pluginVersion: "1.0.0",
  allowsOlder: false,
});

/** The files of a package, in order. */
const packages = fc
  .uniqueArray(fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }), { minLength: 1, maxLength: 20 })
  .map((numbers) => numbers.sort((a, b) => (a < b ? -1 : 1)).map(fileOf));

/** A package, and an index in it. */
const places = packages.chain((files) => fc.tuple(fc.constant(files), fc.nat(files.length - 1)));

function codeOf(files: readonly MigrationFile[], applied: readonly AppliedMigration[]): string {
  try {
    planMigrations("peek_plugin_pump", files, applied);
    return "planned";
  } catch (error) {
    if (PeekError.is(error)) return error.code;
    throw error;
  }
}

describe("planMigrations()", () => {
  it("returns the migrations after the applied ones, in order", () => {
    fc.assert(
      fc.property(packages, fc.nat(20), (files, count) => {
        const applied = files.slice(0, count).map(recordOf);
        expect(planMigrations("peek_plugin_pump", files, applied)).toEqual(files.slice(count));
      }),
    );
  });

  it("throws MIGRATION_EDITED when an applied migration was edited", () => {
    fc.assert(
      fc.property(places, ([files, at]) => {
        const applied = files.map(recordOf).map((each, index) => (index === at ? { ...each, checksum: "" } : each));
        expect(codeOf(files, applied)).toBe("MIGRATION_EDITED");
      }),
    );
  });

  it("throws MIGRATION_NEWER when the last applied migration is missing, MIGRATION_MISSING for others", () => {
    fc.assert(
      fc.property(places, ([files, at]) => {
        const left = files.filter((_file, index) => index !== at);
        const isLast = at === files.length - 1;
        expect(codeOf(left, files.map(recordOf))).toBe(isLast ? "MIGRATION_NEWER" : "MIGRATION_MISSING");
      }),
    );
  });

  it("accepts later migrations that the package lacks where all of them allow older versions", () => {
    fc.assert(
      fc.property(places, fc.nat(20), ([files, at], barring) => {
        const applied = files.map((file, index) => ({ ...recordOf(file), allowsOlder: index !== barring }));
        const isBarred = barring > at && barring < files.length;
        expect(codeOf(files.slice(0, at + 1), applied)).toBe(isBarred ? "MIGRATION_NEWER" : "planned");
      }),
    );
  });

  it("throws MIGRATION_OUT_OF_ORDER when a new migration comes before the last applied one", () => {
    fc.assert(
      fc.property(places, ([files, at]) => {
        const applied = files.filter((_file, index) => index !== at).map(recordOf);
        expect(codeOf(files, applied)).toBe(at === files.length - 1 ? "planned" : "MIGRATION_OUT_OF_ORDER");
      }),
    );
  });

  it("returns nothing for a plugin without migrations", () => {
    expect(planMigrations("peek_plugin_pump", [], [])).toEqual([]);
  });
});
