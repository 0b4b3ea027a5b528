import { runServiceProcess } from "@peek/platform";
import { officeService } from "./index.ts";

await runServiceProcess(officeService);
