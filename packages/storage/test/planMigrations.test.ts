import { PeekError } from "@peek/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AppliedMigration, planMigrations } from "../src/migration/planMigrations.ts";
import type { MigrationFile } from "../src/migration/MigrationFile.ts";

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
});

/** The files of a package, in order. */
const packages = fc
  .uniqueArray(fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }), { minLength: 1, maxLength: 20 })
  .map((numbers) => numbers.sort((a, b) => (a < b ? -1 : 1)).map(fileOf));

/** A package, and a place in it. */
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

describe("which migrations are pending", () => {
  it("is all that come after those applied, in their order", () => {
    fc.assert(
      fc.property(packages, fc.nat(20), (files, count) => {
        const applied = files.slice(0, count).map(recordOf);
        expect(planMigrations("peek_plugin_pump", files, applied)).toEqual(files.slice(count));
      }),
    );
  });

  it("is not known when one that was applied was edited: MIGRATION_EDITED", () => {
    fc.assert(
      fc.property(places, ([files, at]) => {
        const applied = files.map(recordOf).map((each, index) => (index === at ? { ...each, checksum: "" } : each));
        expect(codeOf(files, applied)).toBe("MIGRATION_EDITED");
      }),
    );
  });

  it("is not known when one that was applied is gone: MIGRATION_NEWER at the end, or else MIGRATION_MISSING", () => {
    fc.assert(
      fc.property(places, ([files, at]) => {
        const left = files.filter((_file, index) => index !== at);
        const isLast = at === files.length - 1;
        expect(codeOf(left, files.map(recordOf))).toBe(isLast ? "MIGRATION_NEWER" : "MIGRATION_MISSING");
      }),
    );
  });

  it("is not known when one comes before the last that was applied: MIGRATION_OUT_OF_ORDER", () => {
    fc.assert(
      fc.property(places, ([files, at]) => {
        const applied = files.filter((_file, index) => index !== at).map(recordOf);
        expect(codeOf(files, applied)).toBe(at === files.length - 1 ? "planned" : "MIGRATION_OUT_OF_ORDER");
      }),
    );
  });

  it("is nothing for a plugin without any", () => {
    expect(planMigrations("peek_plugin_pump", [], [])).toEqual([]);
  });
});
