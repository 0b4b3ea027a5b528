import { expect, it } from "vitest";
import { levelOf } from "../src/levelOf.ts";

const levels = {
  peek_plugin_a: "DEBUG",
  "peek_plugin_a.quiet": "ERROR",
  "peek_plugin_a.quiet.loud": "INFO",
} as const;

it.each([
  ["peek_plugin_a", "DEBUG"],
  ["peek_plugin_a.x.y", "DEBUG"],
  ["peek_plugin_a.quiet", "ERROR"],
  ["peek_plugin_a.quiet.x", "ERROR"],
  ["peek_plugin_a.quiet.loud", "INFO"],
  ["peek_plugin_a.quieter", "DEBUG"],
  ["peek_plugin_ab", "WARNING"],
  ["peek_plugin_b", "WARNING"],
  ["peek", "WARNING"],
  ["toString", "WARNING"],
  ["constructor.x", "WARNING"],
  ["", "WARNING"],
  [".", "WARNING"],
])("the level of %j is %s", (name, level) => {
  expect(levelOf(name, "WARNING", levels)).toBe(level);
});
