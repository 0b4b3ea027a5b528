import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** The service, from its file. */
export const { Echo } = grpc.loadPackageDefinition(loadSync(join(import.meta.dirname, "echo.proto"))).bench;
