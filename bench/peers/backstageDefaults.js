import { createBackend } from "@backstage/backend-defaults";
import { readFileList } from "../children/readFileList.js";
import { ready } from "../children/ready.js";

// The backend as Backstage's users have it, with all of its default services. It takes the working directory for the
// app that it is a part of: its configuration is read from there, and the schemas of the configuration are collected.
const urls = readFileList();
const since = performance.now();
const backend = createBackend();
for (const url of urls) backend.add(import(url));
await backend.start();
ready(since, urls.length);
