import { inject } from "vitest";
import { setTestServer } from "../TestServer.ts";

// For vitest's `setupFiles`: tells each process of tests which server globalSetup has started.
const server = inject("peekTestServer");
if (server !== undefined) setTestServer(server.url, server.prefix);
