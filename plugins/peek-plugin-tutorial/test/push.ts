import { argv, stdout } from "node:process";
import { connect } from "@peek/client";
import { AddIntValue } from "../src/_private/contracts/AddIntValue.ts";

// Adds to the number of a row: node --conditions=@peek/source test/push.ts <id> <offset>
using client = connect({ url: "ws://127.0.0.1:8000/vortex" });
const { result } = await client.push(AddIntValue, { id: Number(argv[2]), offset: Number(argv[3]) });
stdout.write("pushed\n");
stdout.write(
  await result.then(
    () => "done\n",
    (error: unknown) => `${String(error)}\n`,
  ),
);
