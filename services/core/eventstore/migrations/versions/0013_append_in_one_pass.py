"""Appending holds its lock for less: JSON is checked before, arrays are walked once, ids looked up where they can be.

The function's parameters and what it promises stay as they were.
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Arrays are parallel: by write (p_streams, p_expected), by event (p_write ... p_metadata, p_write counting
# writes from 1, the events of each one after the other), by body (p_body_*). Serial from the lock to the commit, so
# nothing it reads can change and global_position = max + 1 has no gaps. The plan is fixed and index-only: a plan made
# while the table was empty must not scan a full one.
APPEND = """
CREATE OR REPLACE FUNCTION public.append_events(
    p_streams text[], p_expected bigint[],
    p_write integer[], p_ids uuid[], p_types text[], p_data text[], p_metadata text[],
    p_body_write integer[], p_body_article text[], p_body_sha256 bytea[],
    p_body_title text[], p_body_author text[], p_body_text text[],
    p_flush_later boolean,
    OUT first_position bigint, OUT positions bigint[]
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    v_data json[] := p_data::json[];            -- checked here, before others have to wait for it
    v_metadata json[] := p_metadata::json[];
    v_given uuid[];             -- all ids, where some are in the log already
    v_done integer[] := '{}';   -- writes that are in the log already
    v_versions bigint[];        -- last position of each write's stream
    v_firsts bigint[] := '{1}'; -- which event is the first of each write
    v_wrong integer;
    v_last bigint;
    v_time timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- A fixed snapshot would not see what was appended before the lock was had.
        RAISE EXCEPTION USING ERRCODE = 'TL004', MESSAGE = 'append_events needs READ COMMITTED';
    END IF;
    IF p_flush_later THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    PERFORM pg_advisory_xact_lock(8390880524984975361);

    IF cardinality(p_streams) = 1 THEN
        v_versions := ARRAY[coalesce((SELECT e.position FROM public.events e WHERE e.stream_name = p_streams[1]
                                       ORDER BY e.position DESC LIMIT 1), -1)];
    ELSE
        SELECT array_agg(coalesce(l.position, -1) ORDER BY s.write) INTO v_versions
          FROM unnest(p_streams) WITH ORDINALITY AS s (name, write)
          LEFT JOIN LATERAL (SELECT e.position FROM public.events e WHERE e.stream_name = s.name
                              ORDER BY e.position DESC LIMIT 1) l ON true;
    END IF;

    -- Where all streams are new, and may be, no event can have been appended before: only in another stream, and the
    -- key of ids refuses that.
    IF -1 <> ANY (v_versions) OR -1 <> ANY (p_expected) THEN
        IF EXISTS (SELECT FROM public.events e WHERE e.id = ANY (p_ids)) THEN
            SELECT coalesce(array_agg(w.write) FILTER (WHERE w.here = w.given), '{}'),
                   min(w.write) FILTER (WHERE w.here <> w.given AND w.anywhere > 0)
              INTO v_done, v_wrong
              FROM (SELECT g.write, count(*) AS given, count(e.id) AS anywhere,
                           count(*) FILTER (WHERE e.stream_name = p_streams[g.write]) AS here
                      FROM unnest(p_write, p_ids) AS g (write, id)
                      LEFT JOIN public.events e ON e.id = g.id
                     GROUP BY g.write) w;
            IF v_wrong IS NOT NULL THEN
                RAISE EXCEPTION USING ERRCODE = 'TL002', MESSAGE = format(
                    'some events for stream %s are in the log already, others are not or belong to another stream',
                    p_streams[v_wrong]);
            END IF;
        END IF;
        SELECT min(x.write) INTO v_wrong
          FROM unnest(p_expected, v_versions) WITH ORDINALITY AS x (expected, version, write)
         WHERE x.expected <> x.version AND x.write <> ALL (v_done);
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TL001', MESSAGE = format(
                'stream %s is at position %s, expected was %s',
                p_streams[v_wrong], v_versions[v_wrong], p_expected[v_wrong]);
        END IF;
    END IF;

    IF cardinality(v_done) > 0 THEN
        v_given := p_ids;
        SELECT array_agg(u.write ORDER BY u.n), array_agg(u.id ORDER BY u.n), array_agg(u.type ORDER BY u.n),
               array_agg(u.data ORDER BY u.n), array_agg(u.metadata ORDER BY u.n)
          INTO p_write, p_ids, p_types, v_data, v_metadata
          FROM unnest(p_write, p_ids, p_types, v_data, v_metadata)
               WITH ORDINALITY AS u (write, id, type, data, metadata, n)
         WHERE u.write <> ALL (v_done);
    END IF;

    IF cardinality(v_done) < cardinality(p_streams) THEN
        IF cardinality(p_streams) > 1 THEN
            -- No number for a write whose events do not stand together, and no place in the stream without one.
            SELECT array_agg(w.first ORDER BY s.write) INTO v_firsts
              FROM generate_series(1, cardinality(p_streams)) AS s (write)
              LEFT JOIN (SELECT u.write, CASE WHEN max(u.n) - min(u.n) + 1 = count(*) THEN min(u.n) END AS first
                           FROM unnest(p_write) WITH ORDINALITY AS u (write, n)
                          GROUP BY u.write) w USING (write);
        END IF;

        SELECT e.global_position, e.recorded_at INTO v_last, v_time
          FROM public.events e ORDER BY e.global_position DESC LIMIT 1;
        v_last := coalesce(v_last, 0);
        v_time := greatest(clock_timestamp(), v_time);
        first_position := v_last + 1;

        -- Set-returning functions side by side in a SELECT are walked together, row by row, and nothing is stored.
        INSERT INTO public.events
              (global_position, stream_name, position, id, type, data, metadata, recorded_at)
        SELECT v_last + u.n, p_streams[u.write], v_versions[u.write] + 1 + u.n - v_firsts[u.write],
               u.id, u.type, u.data, u.metadata, v_time
          FROM (SELECT generate_series(1::bigint, cardinality(p_ids)) AS n, unnest(p_write) AS write,
                       unnest(p_ids) AS id, unnest(p_types) AS type,
                       unnest(v_data) AS data, unnest(v_metadata) AS metadata) u;
        v_last := v_last + cardinality(p_ids);

        IF cardinality(p_body_write) > 0 THEN
            -- Only with a new event: sending an article again must not bring back words taken down since.
            INSERT INTO public.article_bodies (sha256, title, author, text)
            SELECT b.sha256, b.title, b.author, b.body
              FROM (SELECT unnest(p_body_write) AS write, unnest(p_body_sha256) AS sha256,
                           unnest(p_body_title) AS title, unnest(p_body_author) AS author,
                           unnest(p_body_text) AS body) b
             WHERE b.write <> ALL (v_done)
                ON CONFLICT (sha256) DO NOTHING;
            INSERT INTO public.body_uses (sha256, article_id)
            SELECT b.sha256, b.article
              FROM (SELECT unnest(p_body_write) AS write, unnest(p_body_sha256) AS sha256,
                           unnest(p_body_article) AS article) b
             WHERE b.write <> ALL (v_done)
                ON CONFLICT DO NOTHING;
        END IF;
        PERFORM pg_notify('treatyline_events', v_last::text);
    END IF;

    IF v_given IS NOT NULL THEN
        SELECT array_agg(e.global_position ORDER BY u.n) INTO positions
          FROM unnest(v_given) WITH ORDINALITY AS u (id, n) JOIN public.events e ON e.id = u.id;
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute(APPEND)


def downgrade() -> None:
    """Nothing to take back: the function before it takes and writes the same, and code of then calls either."""
