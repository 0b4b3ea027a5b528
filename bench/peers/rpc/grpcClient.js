import grpc from "@grpc/grpc-js";
import { readArgument } from "../../children/readArgument.js";
import { measureCallbacks } from "../../children/rpc/measureCalls.js";
import { payload } from "../../children/rpc/payload.js";
import { Echo } from "./grpcService.js";

const client = new Echo(`127.0.0.1:${readArgument().port}`, grpc.credentials.createInsecure());
await measureCallbacks((answer) => client.echo(payload, answer));
