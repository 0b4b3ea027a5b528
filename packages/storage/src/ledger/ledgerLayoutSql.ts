/** How many outcomes of a lane are kept that its client has not acknowledged. */
const mostOutcomes = 1000;
/** How many dead letters of a plugin are kept. */
const mostLetters = 10_000;

/** The tables of the ledger, each after those that it refers to; all have a column `plugin`. */
export const ledgerTables = ["action_client", "action_lane", "action_outcome", "dead_letter"] as const;

/**
 * Which actions were executed. Plugins reach it by functions only, each what is its own: by its role, where it has one.
 *
 * An action can only be recorded in the transaction that has claimed it: one that the action's handler has ended by
 * itself is not that any more.
 */
export const ledgerLayoutSql = `
  CREATE TABLE IF NOT EXISTS peek_vortex.action_client (
    plugin text NOT NULL,
    client text NOT NULL,
    user_id text NOT NULL,
    PRIMARY KEY (plugin, client)
  );
  CREATE TABLE IF NOT EXISTS peek_vortex.action_lane (
    plugin text NOT NULL,
    client text NOT NULL,
    lane text NOT NULL,
    user_id text NOT NULL,
    last_sequence bigint NOT NULL DEFAULT 0,
    kept integer NOT NULL DEFAULT 0,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (plugin, client, lane),
    FOREIGN KEY (plugin, client) REFERENCES peek_vortex.action_client
  ) WITH (fillfactor = 70);
  COMMENT ON COLUMN peek_vortex.action_lane.kept IS 'How many outcomes it has, or more';
  CREATE TABLE IF NOT EXISTS peek_vortex.action_outcome (
    plugin text NOT NULL,
    client text NOT NULL,
    lane text NOT NULL,
    sequence bigint NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (plugin, client, lane, sequence)
  );
  CREATE TABLE IF NOT EXISTS peek_vortex.dead_letter (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    plugin text NOT NULL,
    rejected_at timestamptz NOT NULL DEFAULT now(),
    letter json NOT NULL
  );
  CREATE INDEX IF NOT EXISTS dead_letter_plugin ON peek_vortex.dead_letter (plugin, id);

  CREATE OR REPLACE FUNCTION peek_vortex.require_plugin(required text) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $peek$
    BEGIN
      IF session_user <> current_user AND NOT EXISTS (
        SELECT FROM peek_platform.plugin WHERE name = required AND role = session_user
      ) THEN
        RAISE insufficient_privilege USING MESSAGE = format('%s is not the role of %s', session_user, required);
      END IF;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.require_plugin(text) FROM PUBLIC;

  CREATE OR REPLACE FUNCTION peek_vortex.claim_action(
    of_plugin text, of_client text, of_lane text, of_sequence bigint, of_after bigint, of_user text,
    OUT state text, OUT body text, OUT last bigint
  ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      owner text;
    BEGIN
      PERFORM peek_vortex.require_plugin(of_plugin);
      SELECT l.last_sequence, l.user_id INTO last, owner FROM peek_vortex.action_lane AS l
        WHERE l.plugin = of_plugin AND l.client = of_client AND l.lane = of_lane FOR UPDATE;
      IF NOT FOUND THEN
        last := 0;
        SELECT c.user_id INTO owner FROM peek_vortex.action_client AS c
          WHERE c.plugin = of_plugin AND c.client = of_client;
        IF FOUND AND owner <> of_user THEN
          state := 'foreign';
          RETURN;
        END IF;
        IF of_after > 0 THEN
          state := 'early';
          RETURN;
        END IF;
        INSERT INTO peek_vortex.action_client VALUES (of_plugin, of_client, of_user) ON CONFLICT DO NOTHING;
        INSERT INTO peek_vortex.action_lane (plugin, client, lane, user_id)
          SELECT of_plugin, of_client, of_lane, c.user_id FROM peek_vortex.action_client AS c
          WHERE c.plugin = of_plugin AND c.client = of_client
          ON CONFLICT DO NOTHING;
        SELECT l.last_sequence, l.user_id INTO STRICT last, owner FROM peek_vortex.action_lane AS l
          WHERE l.plugin = of_plugin AND l.client = of_client AND l.lane = of_lane FOR UPDATE;
      END IF;
      IF owner <> of_user THEN
        state := 'foreign';
      ELSIF of_sequence <= last THEN
        SELECT o.kind, o.body INTO state, body FROM peek_vortex.action_outcome AS o
          WHERE o.plugin = of_plugin AND o.client = of_client AND o.lane = of_lane AND o.sequence = of_sequence;
        IF NOT FOUND THEN state := 'forgotten'; END IF;
      ELSIF of_after > last THEN
        state := 'early';
      ELSE
        state := 'claimed';
        PERFORM set_config('peek.action', format('%L %L %L %s', of_plugin, of_client, of_lane, of_sequence), true);
      END IF;
    END
  $peek$;

  CREATE OR REPLACE FUNCTION peek_vortex.record_action(
    of_plugin text, of_client text, of_lane text, of_sequence bigint, acknowledged bigint,
    of_kind text, of_body text, of_letter json
  ) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      gone integer;
      now_kept integer;
    BEGIN
      PERFORM peek_vortex.require_plugin(of_plugin);
      IF current_setting('peek.action', true)
          IS DISTINCT FROM format('%L %L %L %s', of_plugin, of_client, of_lane, of_sequence) THEN
        RAISE invalid_transaction_state
          USING MESSAGE = 'the transaction in which the action was claimed has been ended, or its settings were reset';
      END IF;
      DELETE FROM peek_vortex.action_outcome AS o
        WHERE o.plugin = of_plugin AND o.client = of_client AND o.lane = of_lane AND o.sequence <= acknowledged;
      GET DIAGNOSTICS gone = ROW_COUNT;
      INSERT INTO peek_vortex.action_outcome (plugin, client, lane, sequence, kind, body)
        VALUES (of_plugin, of_client, of_lane, of_sequence, of_kind, of_body);
      UPDATE peek_vortex.action_lane AS l SET last_sequence = of_sequence, used_at = now(), kept = l.kept + 1 - gone
        WHERE l.plugin = of_plugin AND l.client = of_client AND l.lane = of_lane
        RETURNING l.kept INTO STRICT now_kept;
      IF now_kept > ${mostOutcomes} THEN
        DELETE FROM peek_vortex.action_outcome AS o
          WHERE o.plugin = of_plugin AND o.client = of_client AND o.lane = of_lane AND o.sequence <= (
            SELECT older.sequence FROM peek_vortex.action_outcome AS older
            WHERE older.plugin = of_plugin AND older.client = of_client AND older.lane = of_lane
            ORDER BY older.sequence DESC OFFSET ${mostOutcomes} LIMIT 1
          );
        UPDATE peek_vortex.action_lane AS l SET kept = (
            SELECT count(*) FROM peek_vortex.action_outcome AS o
            WHERE o.plugin = of_plugin AND o.client = of_client AND o.lane = of_lane
          )
          WHERE l.plugin = of_plugin AND l.client = of_client AND l.lane = of_lane;
      END IF;
      IF of_letter IS NOT NULL THEN
        INSERT INTO peek_vortex.dead_letter (plugin, letter) VALUES (of_plugin, of_letter);
        DELETE FROM peek_vortex.dead_letter AS d WHERE d.plugin = of_plugin AND d.id <= (
          SELECT older.id FROM peek_vortex.dead_letter AS older WHERE older.plugin = of_plugin
          ORDER BY older.id DESC OFFSET ${mostLetters} LIMIT 1
        );
      END IF;
      PERFORM set_config('peek.action', '', true);
    END
  $peek$;
`;
