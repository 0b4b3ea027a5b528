import "reflect-metadata";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ready } from "../children/ready.js";

class App {}
Module({})(App);

const since = performance.now();
await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
ready(since);
