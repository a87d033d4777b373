"""The log: events, seals, bodies, checkpoints, and the only functions that write events and seals.

Shipped: never edit, add the next revision.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPEND_ONLY = """
CREATE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'TL003',
        MESSAGE = format('%s on %I refused: the log only grows', TG_OP, TG_TABLE_NAME);
END $$
"""

# Statement triggers cost an insert nothing. ALWAYS: they also fire with session_replication_role = replica.
REFUSE = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.{table}
    FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.{table} ENABLE ALWAYS TRIGGER append_only
"""

# lz4 compresses a body in a fifth of the time that pglz takes, and the append lock is held meanwhile.
COMPRESS = """
DO $$ BEGIN
    ALTER TABLE public.article_bodies ALTER COLUMN text SET COMPRESSION lz4;
    ALTER TABLE public.events ALTER COLUMN data SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL; -- this server was built without it
END $$
"""

# Arrays are parallel: by write (p_streams, p_expected), by event (p_write ... p_metadata, p_write counting
# writes from 1), by body (p_body_*). Serial from the lock to the commit, so nothing it reads can change and
# global_position = max + 1 has no gaps. The plan is fixed and index-only: a plan made while the table was
# empty must not scan a full one.
APPEND = """
CREATE FUNCTION public.append_events(
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
    v_done integer[] := '{}';   -- writes that are in the log already
    v_versions bigint[];        -- last position of each write's stream
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

    IF cardinality(v_done) < cardinality(p_streams) THEN
        SELECT array_agg(coalesce(l.position, -1) ORDER BY s.write) INTO v_versions
          FROM unnest(p_streams) WITH ORDINALITY AS s (name, write)
          LEFT JOIN LATERAL (SELECT e.position FROM public.events e WHERE e.stream_name = s.name
                              ORDER BY e.position DESC LIMIT 1) l ON true;
        SELECT min(x.write) INTO v_wrong
          FROM unnest(p_expected, v_versions) WITH ORDINALITY AS x (expected, version, write)
         WHERE x.expected <> x.version AND x.write <> ALL (v_done);
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'TL001', MESSAGE = format(
                'stream %s is at position %s, expected was %s',
                p_streams[v_wrong], v_versions[v_wrong], p_expected[v_wrong]);
        END IF;

        SELECT e.global_position, e.recorded_at INTO v_last, v_time
          FROM public.events e ORDER BY e.global_position DESC LIMIT 1;
        v_last := coalesce(v_last, 0);
        v_time := greatest(clock_timestamp(), v_time);
        first_position := v_last + 1;

        INSERT INTO public.events
              (global_position, stream_name, position, id, type, data, metadata, recorded_at)
        SELECT v_last + row_number() OVER (ORDER BY n), p_streams[write],
               v_versions[write] + row_number() OVER (PARTITION BY write ORDER BY n),
               id, type, data::json, metadata::json, v_time
          FROM unnest(p_write, p_ids, p_types, p_data, p_metadata)
               WITH ORDINALITY AS u (write, id, type, data, metadata, n)
         WHERE write <> ALL (v_done);
        GET DIAGNOSTICS v_last = ROW_COUNT;
        v_last := first_position + v_last - 1;

        IF cardinality(p_body_write) > 0 THEN
            -- Only with a new event: sending an article again must not bring back words taken down since.
            INSERT INTO public.article_bodies (sha256, title, author, text)
            SELECT sha256, title, author, body
              FROM unnest(p_body_write, p_body_sha256, p_body_title, p_body_author, p_body_text)
                   AS b (write, sha256, title, author, body)
             WHERE write <> ALL (v_done)
                ON CONFLICT (sha256) DO NOTHING;
            INSERT INTO public.body_uses (sha256, article_id)
            SELECT sha256, article
              FROM unnest(p_body_write, p_body_sha256, p_body_article) AS b (write, sha256, article)
             WHERE write <> ALL (v_done)
                ON CONFLICT DO NOTHING;
        END IF;
        PERFORM pg_notify('treatyline_events', v_last::text);
    END IF;

    IF cardinality(v_done) > 0 THEN
        SELECT array_agg(e.global_position ORDER BY u.n) INTO positions
          FROM unnest(p_ids) WITH ORDINALITY AS u (id, n) JOIN public.events e ON e.id = u.id;
    END IF;
END $$
"""

# The digest of an event: see services/core/eventstore/seals.py, which computes the same in Python.
SEAL = """
CREATE FUNCTION public.seal_events(p_limit integer) RETURNS SETOF public.seals
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before public.seals;
    v_new public.seals;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING ERRCODE = 'TL004', MESSAGE = 'seal_events needs READ COMMITTED';
    END IF;
    PERFORM pg_advisory_xact_lock(8390880524984975363);
    SELECT * INTO v_before FROM public.seals ORDER BY number DESC LIMIT 1;
    v_new.number := coalesce(v_before.number, 0) + 1;
    v_new.previous := coalesce(v_before.digest, decode(repeat('00', 32), 'hex'));
    v_new.first_position := coalesce(v_before.last_position, 0) + 1;
    SELECT max(e.global_position), string_agg(e.digest, ''::bytea ORDER BY e.global_position)
      INTO v_new.last_position, v_new.event_digests
      FROM (SELECT global_position,
                   sha256(int8send(global_position) || int8send(position) || uuid_send(id)
                          || timestamptz_send(recorded_at)
                          || int4send(octet_length(stream_name)) || convert_to(stream_name, 'UTF8')
                          || int4send(octet_length(type)) || convert_to(type, 'UTF8')
                          || int4send(octet_length(data::text)) || convert_to(data::text, 'UTF8')
                          || int4send(octet_length(metadata::text)) || convert_to(metadata::text, 'UTF8')
                   ) AS digest
              FROM public.events
             WHERE global_position >= v_new.first_position
             ORDER BY global_position LIMIT p_limit) e;
    IF v_new.last_position IS NULL THEN
        RETURN;
    END IF;
    v_new.digest := sha256(int8send(v_new.number) || int8send(v_new.first_position)
                           || int8send(v_new.last_position) || v_new.previous || v_new.event_digests);
    v_new.sealed_at := clock_timestamp();
    INSERT INTO public.seals SELECT v_new.*;
    RETURN NEXT v_new;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("global_position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stream_name", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("stream_name", "position", name="events_stream_name_position_key"),
        sa.UniqueConstraint("id", name="events_id_key"),
    )
    op.create_table(
        "seals",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("first_position", sa.BigInteger, nullable=False),
        sa.Column("last_position", sa.BigInteger, nullable=False),
        sa.Column("event_digests", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("first_position", name="seals_first_position_key"),
        sa.UniqueConstraint("last_position", name="seals_last_position_key"),
    )
    op.create_table(
        "article_bodies",
        sa.Column("sha256", sa.LargeBinary, primary_key=True),
        sa.Column("title", sa.Text),
        sa.Column("author", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "body_uses",
        sa.Column("sha256", sa.LargeBinary, primary_key=True),
        sa.Column("article_id", sa.Text, primary_key=True),
    )
    op.create_index("ix_body_uses_article_id", "body_uses", ["article_id"])
    op.create_table(
        "checkpoints",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("global_position", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("meta", sa.JSON, nullable=False, server_default=sa.text("'{}'::json")),
    )
    op.execute(COMPRESS)
    op.execute(APPEND_ONLY)
    for table in ("events", "seals"):
        for statement in REFUSE.format(table=table).split(";"):
            op.execute(statement)
    op.execute(APPEND)
    op.execute(SEAL)
    op.execute("REVOKE EXECUTE ON FUNCTION public.append_events, public.seal_events FROM PUBLIC")


def downgrade() -> None:
    raise NotImplementedError("the log is not taken down by a migration")
