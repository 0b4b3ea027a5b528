import { runServiceProcess } from "@peek/platform";
import { agentService } from "./index.ts";

await runServiceProcess(agentService);
