import { argv, stdout } from "node:process";
import { inspect } from "node:util";
import { connect } from "@peek/client";
import { StringIntTuple } from "../src/_private/contracts/StringIntTuple.ts";

// Prints the table, and each change of it: node --conditions=@peek/source test/watch.ts [url]
using client = connect({ url: argv[2] ?? "ws://127.0.0.1:8000/vortex" });
for await (const { status, tuples, error } of client.subscribe(StringIntTuple)) {
  stdout.write(`${status} ${inspect(error?.message ?? tuples)}\n`);
}
