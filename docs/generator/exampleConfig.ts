import { serviceConfigSchema } from "@peek/config";

/** A config.json as a service makes it, with one plugin enabled. */
export function exampleConfig(): string {
  const config = serviceConfigSchema.parse({ plugin: { enabled: ["peek_plugin_tutorial"] } });
  return `\`\`\`json\n${JSON.stringify(config, null, 4)}\n\`\`\``;
}
