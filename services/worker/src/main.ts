import { runServiceProcess } from "@peek/platform";
import { workerService } from "./index.ts";

await runServiceProcess(workerService);
