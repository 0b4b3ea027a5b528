import { measureCommits } from "./measureCommits.js";

// How long a commit takes for whoever makes it.
await measureCommits();
