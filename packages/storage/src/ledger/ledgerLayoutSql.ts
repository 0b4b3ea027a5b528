import {
  anonymousFactor,
  deviceQuota,
  evictableAfterSql,
  maxLaneBytes,
  maxOutcomesPerLane,
  pluginLetterQuota,
  userQuota,
  userLetterQuota,
} from "./ledgerQuotas.ts";

/** The owner of a quota: all anonymous users together are one owner. */
const ownerOf = (user: string): string => `CASE WHEN starts_with(${user}, 'device:') THEN 'device:' ELSE ${user} END`;

/** Matches the lanes or clients of an owner, on one device or on all. */
const ownedBy = (table: string): string =>
  `${table}.plugin = of_plugin AND ${table}.owner = of_owner AND (of_device IS NULL OR ${table}.device = of_device)`;

/** The tables of the ledger, ordered by their foreign keys; all have a column `plugin`. */
export const ledgerTables = ["action_client", "action_lane", "action_outcome", "dead_letter"] as const;

/**
 * The tables and functions of the ledger of actions. Plugins access it by functions only, which check the role of the
 * session, where the plugin has one.
 *
 * An action can be recorded only in the transaction that has claimed it. When the action's handler has ended that
 * transaction, recording fails.
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
  COMMENT ON COLUMN peek_vortex.action_lane.kept IS 'An upper bound of the number of its outcomes';
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
  ALTER TABLE peek_vortex.action_client
    ADD COLUMN IF NOT EXISTS device text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS owner text GENERATED ALWAYS AS (${ownerOf("user_id")}) STORED;
  CREATE INDEX IF NOT EXISTS action_client_owner ON peek_vortex.action_client (plugin, owner, device);
  DO $peek$ BEGIN
    IF NOT EXISTS (
      SELECT FROM pg_catalog.pg_attribute
      WHERE attrelid = 'peek_vortex.action_lane'::pg_catalog.regclass AND attname = 'bytes' AND NOT attisdropped
    ) THEN
      ALTER TABLE peek_vortex.action_lane
        ADD COLUMN bytes bigint NOT NULL DEFAULT 0,
        ADD COLUMN device text NOT NULL DEFAULT '',
        ADD COLUMN owner text GENERATED ALWAYS AS (${ownerOf("user_id")}) STORED;
      UPDATE peek_vortex.action_lane AS l SET bytes = kept.bytes FROM (
        SELECT plugin, client, lane, sum(octet_length(body)) AS bytes FROM peek_vortex.action_outcome GROUP BY 1, 2, 3
      ) AS kept
      WHERE kept.plugin = l.plugin AND kept.client = l.client AND kept.lane = l.lane;
    END IF;
  END $peek$;
  COMMENT ON COLUMN peek_vortex.action_lane.bytes IS 'An upper bound of the total length of its outcomes';
  CREATE INDEX IF NOT EXISTS action_lane_owner ON peek_vortex.action_lane (plugin, owner, device);
  CREATE TABLE IF NOT EXISTS peek_vortex.dead_letter (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    plugin text NOT NULL,
    rejected_at timestamptz NOT NULL DEFAULT now(),
    letter json NOT NULL
  );
  ALTER TABLE peek_vortex.dead_letter
    ADD COLUMN IF NOT EXISTS user_id text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS action text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS times bigint NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS brief boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS owner text GENERATED ALWAYS AS (${ownerOf("user_id")}) STORED,
    ADD COLUMN IF NOT EXISTS bytes integer GENERATED ALWAYS AS (octet_length(letter::text)) STORED;
  COMMENT ON COLUMN peek_vortex.dead_letter.brief IS 'Whether it counts all rejections of its user and action, without their input';
  DROP INDEX IF EXISTS peek_vortex.dead_letter_plugin;
  CREATE INDEX IF NOT EXISTS dead_letter_size ON peek_vortex.dead_letter (plugin, id) INCLUDE (bytes);
  CREATE INDEX IF NOT EXISTS dead_letter_owner ON peek_vortex.dead_letter (plugin, owner, id) INCLUDE (bytes);

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

  CREATE OR REPLACE FUNCTION peek_vortex.forget_lanes(of_plugin text, clients text[], lanes text[]) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $peek$
    BEGIN
      DELETE FROM peek_vortex.action_outcome AS o USING unnest(clients, lanes) AS old (client, lane)
        WHERE o.plugin = of_plugin AND o.client = old.client AND o.lane = old.lane;
      DELETE FROM peek_vortex.action_lane AS l USING unnest(clients, lanes) AS old (client, lane)
        WHERE l.plugin = of_plugin AND l.client = old.client AND l.lane = old.lane;
      DELETE FROM peek_vortex.action_client WHERE ctid = ANY(ARRAY(
        SELECT c.ctid FROM peek_vortex.action_client AS c
        WHERE c.plugin = of_plugin AND c.client = ANY(clients) AND NOT EXISTS (
          SELECT FROM peek_vortex.action_lane AS l WHERE l.plugin = c.plugin AND l.client = c.client
        )
        FOR UPDATE SKIP LOCKED
      ));
    EXCEPTION WHEN foreign_key_violation THEN
      -- The client has got a new lane meanwhile, and stays.
      NULL;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.forget_lanes(text, text[], text[]) FROM PUBLIC;

  CREATE OR REPLACE FUNCTION peek_vortex.make_way(
    of_plugin text, of_owner text, of_device text, most_clients bigint, most_lanes bigint, OUT is_free boolean, OUT forgot bigint
  ) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      number bigint;
      clients text[];
      lanes text[];
    BEGIN
      is_free := true;
      forgot := 0;
      SELECT count(*) INTO number FROM (
        SELECT FROM peek_vortex.action_client AS c WHERE ${ownedBy("c")} LIMIT most_clients
      ) AS few;
      IF number >= most_clients THEN
        SELECT array_agg(client), array_agg(lane) INTO clients, lanes FROM (
          SELECT l.client, l.lane FROM peek_vortex.action_lane AS l
          WHERE l.plugin = of_plugin AND l.client = ANY(ARRAY(
            SELECT l.client FROM peek_vortex.action_lane AS l WHERE ${ownedBy("l")}
            GROUP BY l.client HAVING max(l.used_at) < now() - ${evictableAfterSql}
            ORDER BY max(l.used_at) LIMIT greatest(1, most_clients / 10)
          ))
          FOR UPDATE SKIP LOCKED
        ) AS idle;
        PERFORM peek_vortex.forget_lanes(of_plugin, clients, lanes);
        forgot := coalesce(cardinality(lanes), 0);
        is_free := forgot > 0;
      END IF;
      SELECT count(*) INTO number FROM (
        SELECT FROM peek_vortex.action_lane AS l WHERE ${ownedBy("l")} LIMIT most_lanes
      ) AS few;
      IF number >= most_lanes THEN
        SELECT array_agg(client), array_agg(lane) INTO clients, lanes FROM (
          SELECT l.client, l.lane FROM peek_vortex.action_lane AS l
          WHERE ${ownedBy("l")} AND l.used_at < now() - ${evictableAfterSql}
          ORDER BY l.used_at LIMIT greatest(1, most_lanes / 10)
          FOR UPDATE SKIP LOCKED
        ) AS idle;
        PERFORM peek_vortex.forget_lanes(of_plugin, clients, lanes);
        forgot := forgot + coalesce(cardinality(lanes), 0);
        is_free := is_free AND lanes IS NOT NULL;
      END IF;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.make_way(text, text, text, bigint, bigint) FROM PUBLIC;

  DROP FUNCTION IF EXISTS peek_vortex.claim_action(text, text, text, bigint, bigint, text);
  CREATE OR REPLACE FUNCTION peek_vortex.claim_action(
    of_plugin text, of_client text, of_lane text, of_sequence bigint, of_after bigint, of_user text, of_device text,
    OUT state text, OUT body text, OUT last bigint, OUT forgot bigint
  ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      owner text;
      whose text := ${ownerOf("of_user")};
      factor bigint := CASE WHEN whose = 'device:' THEN ${anonymousFactor} ELSE 1 END;
      is_new boolean;
      way record;
    BEGIN
      PERFORM peek_vortex.require_plugin(of_plugin);
      forgot := 0;
      SELECT l.last_sequence, l.user_id INTO last, owner FROM peek_vortex.action_lane AS l
        WHERE l.plugin = of_plugin AND l.client = of_client AND l.lane = of_lane FOR UPDATE;
      IF NOT FOUND THEN
        last := 0;
        SELECT c.user_id INTO owner FROM peek_vortex.action_client AS c
          WHERE c.plugin = of_plugin AND c.client = of_client;
        is_new := NOT FOUND;
        IF owner <> of_user THEN
          state := 'foreign';
          RETURN;
        END IF;
        IF of_after > 0 THEN
          state := 'early';
          RETURN;
        END IF;
        -- An existing client adds to the number of lanes only.
        FOR way IN
          SELECT made.* FROM (VALUES
            (of_device, ${deviceQuota.clients}::bigint, ${deviceQuota.lanes}::bigint),
            (NULL, ${userQuota.clients} * factor, ${userQuota.lanes} * factor)
          ) AS bound (device, clients, lanes)
          CROSS JOIN LATERAL peek_vortex.make_way(
            of_plugin, whose, bound.device, CASE WHEN is_new THEN bound.clients ELSE ${Number.MAX_SAFE_INTEGER} END, bound.lanes
          ) AS made
        LOOP
          forgot := forgot + way.forgot;
          IF NOT way.is_free THEN
            state := 'full';
            RETURN;
          END IF;
        END LOOP;
        INSERT INTO peek_vortex.action_client (plugin, client, user_id, device)
          VALUES (of_plugin, of_client, of_user, of_device) ON CONFLICT DO NOTHING;
        INSERT INTO peek_vortex.action_lane (plugin, client, lane, user_id, device)
          SELECT of_plugin, of_client, of_lane, c.user_id, c.device FROM peek_vortex.action_client AS c
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

  DROP FUNCTION IF EXISTS peek_vortex.record_action(text, text, text, bigint, bigint, text, text, json);
  CREATE OR REPLACE FUNCTION peek_vortex.record_action(
    of_plugin text, of_client text, of_lane text, of_sequence bigint, acknowledged bigint,
    of_kind text, of_body text, of_letter json, of_action text, is_brief boolean
  ) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      gone bigint;
      gone_bytes bigint;
      now_kept bigint;
      now_bytes bigint;
      of_user text;
      whose text;
      factor bigint;
    BEGIN
      PERFORM peek_vortex.require_plugin(of_plugin);
      IF current_setting('peek.action', true)
          IS DISTINCT FROM format('%L %L %L %s', of_plugin, of_client, of_lane, of_sequence) THEN
        RAISE invalid_transaction_state
          USING MESSAGE = 'the transaction in which the action was claimed has been ended, or its settings were reset';
      END IF;
      WITH known AS (
        DELETE FROM peek_vortex.action_outcome AS o
        WHERE o.plugin = of_plugin AND o.client = of_client AND o.lane = of_lane AND o.sequence <= acknowledged
        RETURNING octet_length(o.body) AS bytes
      )
      SELECT count(*), coalesce(sum(bytes), 0) INTO gone, gone_bytes FROM known;
      INSERT INTO peek_vortex.action_outcome (plugin, client, lane, sequence, kind, body)
        VALUES (of_plugin, of_client, of_lane, of_sequence, of_kind, of_body);
      UPDATE peek_vortex.action_lane AS l SET last_sequence = of_sequence, used_at = now(), kept = l.kept + 1 - gone,
          bytes = greatest(0, l.bytes - gone_bytes) + octet_length(of_body)
        WHERE l.plugin = of_plugin AND l.client = of_client AND l.lane = of_lane
        RETURNING l.kept, l.bytes, l.user_id, l.owner INTO STRICT now_kept, now_bytes, of_user, whose;
      IF now_kept > ${maxOutcomesPerLane} OR now_bytes > ${maxLaneBytes} THEN
        DELETE FROM peek_vortex.action_outcome AS o
          WHERE o.plugin = of_plugin AND o.client = of_client AND o.lane = of_lane AND o.sequence IN (
            SELECT newest.sequence FROM (
              SELECT each.sequence, row_number() OVER newer AS number, sum(octet_length(each.body)) OVER newer AS bytes
              FROM peek_vortex.action_outcome AS each
              WHERE each.plugin = of_plugin AND each.client = of_client AND each.lane = of_lane
              WINDOW newer AS (ORDER BY each.sequence DESC)
            ) AS newest
            WHERE newest.number > ${maxOutcomesPerLane} OR (newest.number > 1 AND newest.bytes > ${maxLaneBytes})
          );
        UPDATE peek_vortex.action_lane AS l SET (kept, bytes) = (
            SELECT count(*), coalesce(sum(octet_length(o.body)), 0) FROM peek_vortex.action_outcome AS o
            WHERE o.plugin = of_plugin AND o.client = of_client AND o.lane = of_lane
          )
          WHERE l.plugin = of_plugin AND l.client = of_client AND l.lane = of_lane;
      END IF;
      IF of_letter IS NOT NULL THEN
        factor := CASE WHEN whose = 'device:' THEN ${anonymousFactor} ELSE 1 END;
        IF is_brief THEN
          UPDATE peek_vortex.dead_letter AS d SET times = d.times + 1, rejected_at = now(), letter = of_letter
            WHERE d.plugin = of_plugin AND d.owner = whose AND d.action = of_action AND d.brief;
        END IF;
        IF NOT is_brief OR NOT FOUND THEN
          INSERT INTO peek_vortex.dead_letter (plugin, letter, user_id, action, brief)
            VALUES (of_plugin, of_letter, of_user, of_action, is_brief);
        END IF;
        DELETE FROM peek_vortex.dead_letter WHERE id IN (
          SELECT newest.id FROM (
            SELECT d.id, row_number() OVER newer AS number, sum(d.bytes) OVER newer AS bytes
            FROM peek_vortex.dead_letter AS d WHERE d.plugin = of_plugin AND d.owner = whose
            WINDOW newer AS (ORDER BY d.id DESC)
          ) AS newest
          WHERE newest.number > ${userLetterQuota.count} * factor
            OR (newest.number > 1 AND newest.bytes > ${userLetterQuota.bytes} * factor)
          UNION ALL
          SELECT newest.id FROM (
            SELECT d.id, row_number() OVER newer AS number, sum(d.bytes) OVER newer AS bytes
            FROM peek_vortex.dead_letter AS d WHERE d.plugin = of_plugin
            WINDOW newer AS (ORDER BY d.id DESC)
          ) AS newest
          WHERE newest.number > ${pluginLetterQuota.count} OR (newest.number > 1 AND newest.bytes > ${pluginLetterQuota.bytes})
        );
      END IF;
      PERFORM set_config('peek.action', '', true);
    END
  $peek$;
`;
