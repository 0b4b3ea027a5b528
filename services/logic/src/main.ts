import { runServiceProcess } from "@peek/platform";
import { logicService } from "./index.ts";

await runServiceProcess(logicService);
