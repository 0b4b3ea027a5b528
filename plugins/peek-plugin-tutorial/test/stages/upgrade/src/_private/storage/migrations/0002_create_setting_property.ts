export { down, up } from "../../../../../../../src/_private/storage/migrations/0002_create_setting_property.ts";
