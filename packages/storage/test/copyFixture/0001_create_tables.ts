import { type MigrationDatabase, sql } from "@peek/plugin-base/storage";

const statements = [
  "CREATE TYPE mood AS ENUM ('good', 'it''s bad')",
  "CREATE SEQUENCE ticket START 100 INCREMENT 5",
  `CREATE TABLE everything (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    counted serial,
    "odd Name" text,
    bytes bytea,
    document jsonb,
    amount numeric,
    at timestamptz,
    span interval,
    day date,
    ratio float8,
    big bigint,
    texts text[],
    grid int[][],
    mood mood,
    price money,
    doubled numeric GENERATED ALWAYS AS (amount * 2) STORED,
    UNIQUE (big) DEFERRABLE INITIALLY DEFERRED
  )`,
  "CREATE TABLE zulu (id int PRIMARY KEY, parent int REFERENCES zulu, alpha int)",
  "CREATE TABLE alpha (id int PRIMARY KEY, zulu int NOT NULL REFERENCES zulu DEFERRABLE INITIALLY DEFERRED)",
  "ALTER TABLE zulu ADD CONSTRAINT zulu_alpha FOREIGN KEY (alpha) REFERENCES alpha ON DELETE SET NULL",
  "COMMENT ON CONSTRAINT zulu_alpha ON zulu IS 'it''s a circle'",
  "CREATE TABLE reading (at date NOT NULL, value int) PARTITION BY RANGE (at)",
  "CREATE TABLE reading_2025 PARTITION OF reading FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
  "CREATE TABLE reading_rest PARTITION OF reading DEFAULT",
  "CREATE TABLE parent (id int)",
  "CREATE TABLE child (extra text) INHERITS (parent)",
  "CREATE TABLE nothing ()",
  "CREATE TABLE checked (id int)",
  "INSERT INTO checked VALUES (-1)",
  "ALTER TABLE checked ADD CONSTRAINT positive CHECK (id > 0) NOT VALID",
  "CREATE VIEW total AS SELECT sum(value) AS sum FROM reading",
  "CREATE MATERIALIZED VIEW zz_stored AS SELECT sum FROM total",
  "CREATE MATERIALIZED VIEW aa_stored AS SELECT sum + 1 AS more FROM zz_stored",
  "CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS one WITH NO DATA",
  "CREATE TABLE seeded (key text PRIMARY KEY, value text)",
  "INSERT INTO seeded VALUES ('a', 'from the migration'), ('b', 'removed later')",
  `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.value := ''destroy''; RETURN NEW; END'`,
  "CREATE TRIGGER spoil BEFORE INSERT ON seeded FOR EACH ROW EXECUTE FUNCTION spoil()",
  "CREATE TRIGGER resting BEFORE INSERT ON seeded FOR EACH ROW EXECUTE FUNCTION spoil()",
  "ALTER TABLE seeded DISABLE TRIGGER resting",
  "ALTER TABLE seeded ENABLE ALWAYS TRIGGER spoil",
];

export async function up(db: MigrationDatabase): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
