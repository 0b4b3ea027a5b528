import { runServiceProcess } from "@peek/platform";
import { fieldService } from "./index.ts";

await runServiceProcess(fieldService);
