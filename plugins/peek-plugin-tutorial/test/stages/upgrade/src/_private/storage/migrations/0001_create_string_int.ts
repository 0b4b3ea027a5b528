export { down, up } from "../../../../../../../src/_private/storage/migrations/0001_create_string_int.ts";
