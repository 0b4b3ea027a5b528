import { pluginPackageSchema } from "@peek/plugin-base/manifest";
import { z } from "zod";

/** The JSON Schema of plugin_package.json, as people write it. */
export function manifestSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(pluginPackageSchema, { io: "input" });
}
