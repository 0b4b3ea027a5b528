/**
 * The part of a platform that a plugin with `storage` in its plugin_package.json has besides: tasks are kept in the database.
 *
 * @typeParam Tables The rows of each table, by its name; undefined for a plugin without storage, which has nothing.
 * @typeParam Tasks What it has.
 */
export type TasksOf<Tables extends object | undefined, Tasks> = Tables extends object
  ? { readonly tasks: Tasks }
  : unknown;
