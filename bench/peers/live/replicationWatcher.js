import { ready } from "../../children/ready.js";
import { followReplication } from "./followReplication.js";

await followReplication(() => undefined);
ready(0);
