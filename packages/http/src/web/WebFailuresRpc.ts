import type { PluginRpc } from "@peek/plugin-base";
import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { type WebFailure, webFailureSchema } from "@peek/web/protocol";
import { z } from "zod";
import type { SiteName } from "../site/SiteName.ts";
import type { FailureFacts, WebFailureLog } from "./WebFailureLog.ts";

/** An answer that comes later is not waited for: the failure is logged on the site's own service. */
const deadlineMs = 3000;

const reportInput = z.object({ failure: webFailureSchema, user: z.string().max(200) });

type WebFailuresProcedures = {
  readonly report: { readonly input: typeof reportInput };
};

/** The call by which field and office pass failures of web modules to logic, whose log has those of all sites. */
export const WebFailuresRpc: RpcContract<WebFailuresProcedures> = defineRpc("peek_core_platform.WebFailures", {
  report: { input: reportInput },
});

/** Logs the failures of field and office on logic. */
export function serveWebFailures(rpc: PluginRpc, log: WebFailureLog): AsyncDisposable {
  return rpc.serve(
    WebFailuresRpc,
    {
      report: async ({ failure, user }, { from }) => {
        const site: SiteName = from.service === "office" ? "office" : "field";
        log.write(failure, { user, site, instance: from.instance });
      },
    },
    { acceptOnlyFrom: ["field", "office"] },
  );
}

/** Passes failures to logic. The result rejects when logic cannot be reached. */
export function remoteFailures(
  rpc: PluginRpc,
): (failure: WebFailure, facts: Pick<FailureFacts, "user">) => Promise<void> {
  const logic = rpc.client(WebFailuresRpc, { to: "logic", deadlineMs });
  return (failure, { user }) => logic.report({ failure, user });
}
