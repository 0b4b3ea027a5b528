import { initTRPC } from "@trpc/server";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";
import { readArgument } from "../../children/readArgument.js";
import { ready } from "../../children/ready.js";

const t = initTRPC.create();
const router = t.router({ echo: t.procedure.input((input) => input).query(({ input }) => input) });
const wss = new WebSocketServer({ host: "127.0.0.1", port: readArgument().port });
applyWSSHandler({ wss, router });
wss.on("listening", () => ready(0));
