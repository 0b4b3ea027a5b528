import { join } from "node:path";
import { build } from "rolldown";
import { workspaceDir } from "../workspace.ts";
import { loadName } from "./loadPlugin.ts";

/** The assumed folder of the page: its imports are resolved from there. */
const place = join(workspaceDir, "tests", "load-page.js");

const page = `
import { defineAction } from "@peek/plugin-base/contracts";
import { connect } from "@peek/client";
import { z } from "zod";

const Note = defineAction("${loadName}.Note", { lane: z.string(), n: z.int() });
const client = connect();
// Hundreds of cuts take less time with short waits.
client.connection.subscribe(() => {
  if (client.connection.getSnapshot().status === "offline") setTimeout(() => client.reconnect(), 20);
});
window.load = {
  // Pushes actions into lanes in rotation. Resolves when all are stored on the device, with the number of durable ones.
  push: async (count, lanes) => {
    let durable = 0;
    for (let index = 0; index < count; index += 1) {
      const lane = lanes[index % lanes.length];
      const pushed = await client.push(Note, { lane, n: Math.floor(index / lanes.length) }, { lane });
      pushed.result.catch(() => undefined);
      if (pushed.durable) durable += 1;
    }
    return durable;
  },
  status: () => client.connection.getSnapshot().status,
  // The number of unconfirmed actions.
  pending: () => client.pending.getSnapshot().length,
};
`;

/** The files of a page that pushes actions. */
export async function bundleActionsPage(): Promise<Readonly<Record<string, string>>> {
  const { output } = await build({
    input: place,
    platform: "browser",
    write: false,
    resolve: { conditionNames: ["@peek/source", "import", "default"] },
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id === place ? id : null),
        load: (id) => (id === place ? page : null),
      },
    ],
    output: { format: "esm", codeSplitting: false },
  });
  return {
    "index.html": '<!doctype html><title>Load</title><script type="module" src="page.js"></script>',
    "page.js": output[0].code,
  };
}
