import { measureCommits } from "../../children/live/measureCommits.js";
import { followReplication } from "./followReplication.js";

await measureCommits((seen) =>
  followReplication((message) => {
    if (message.tag === "update") seen(message.new.id, message.new.value);
  }),
);
