import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { WantedVersions } from "../src/index.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const pump = "peek_plugin_pump";
const [one, two] = ["1.0.0-0123456789ab", "1.1.0-ba9876543210"];

it("the wanted versions are recorded, replaced and forgotten, each plugin by itself", () => {
  const dir = temporaryFolder();
  const wanted = new WantedVersions(dir);
  wanted.set(pump, undefined);
  expect(existsSync(join(dir, "wanted.json"))).toBe(false);
  wanted.set(pump, { services: { logic: one } });
  wanted.set("peek_plugin_valve", { services: { agent: one } });
  wanted.set(pump, { services: { logic: two, field: two }, before: one });
  expect(new WantedVersions(dir).of(pump)).toEqual({ services: { logic: two, field: two }, before: one });
  wanted.set(pump, undefined);
  expect([...wanted.all().keys()]).toEqual(["peek_plugin_valve"]);
});

it.each(["{", "[]", `{"format":2,"plugins":{}}`, `{"format":1,"plugins":{"x":{"services":{"logic":"../.."}}}}`])(
  "a damaged file is named with what to do, and is not overwritten: %s",
  (text) => {
    const dir = temporaryFolder();
    const file = join(dir, "wanted.json");
    writeFileSync(file, text);
    const refusal = expect.objectContaining({
      code: "PLUGIN_SOFTWARE_UNUSABLE",
      message: expect.stringMatching(/wanted\.json cannot be read: .*Remove the file/),
    });
    expect(() => new WantedVersions(dir).all()).toThrow(refusal);
    expect(() => new WantedVersions(dir).set(pump, { services: { logic: one } })).toThrow(refusal);
    expect(readFileSync(file, "utf8")).toBe(text);
  },
);
