import fastify from "fastify";
import { ready } from "../children/ready.js";

const since = performance.now();
const server = fastify();
server.get("/", async () => ({ hello: "world" }));
await server.listen({ port: 0, host: "127.0.0.1" });
ready(since);
