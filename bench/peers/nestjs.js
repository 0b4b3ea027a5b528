import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import { readFileList } from "../children/readFileList.js";
import { ready } from "../children/ready.js";

class App {}

const urls = readFileList();
const since = performance.now();
const modules = await Promise.all(urls.map((url) => import(url)));
await NestFactory.createApplicationContext(
  { module: App, imports: modules.map((module) => module.default) },
  { logger: false, abortOnError: false },
);
ready(since, urls.length);
