import { measureCommits } from "./measureCommits.js";

// Measures the time of a commit for its writer.
await measureCommits();
