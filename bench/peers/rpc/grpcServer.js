import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import { readArgument } from "../../children/readArgument.js";
import { ready } from "../../children/ready.js";
import { Echo } from "./grpcService.js";

const server = new grpc.Server();
server.addService(Echo.service, { echo: ({ request }, answer) => answer(null, request) });
const bind = promisify(server.bindAsync.bind(server));
await bind(`127.0.0.1:${readArgument().port}`, grpc.ServerCredentials.createInsecure());
ready(0);
