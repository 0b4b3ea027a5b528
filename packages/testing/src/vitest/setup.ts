import { inject } from "vitest";
import { setTestServer } from "../TestServer.ts";

// For vitest's `setupFiles`: passes the server that globalSetup has started to each process of tests.
const server = inject("peekTestServer");
if (server !== undefined) setTestServer(server.url, server.prefix);
