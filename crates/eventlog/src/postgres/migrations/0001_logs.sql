-- Version 1 of the tables. A released migration is frozen: a change is a new file.
--
-- Keys are compared byte by byte, so that order and indexes do not depend on the system's locale.

CREATE TABLE brokerage.logs (
    owner   text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    -- What its rows are known by in this database, short because every index has it; it means nothing elsewhere.
    number  integer NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY,
    -- Raised whenever somebody takes the log over.
    epoch   bigint NOT NULL,
    -- Who has it, so that an appender that lost its connection knows itself again.
    holder  uuid NOT NULL,
    PRIMARY KEY (owner, service)
);

CREATE TABLE brokerage.events (
    log            integer NOT NULL,
    position       bigint NOT NULL,
    stream         text COLLATE "C" NOT NULL,
    stream_version bigint NOT NULL,
    type           text NOT NULL,
    version        integer NOT NULL,
    payload        bytea NOT NULL,
    effective      text,
    council        text,
    actor          text NOT NULL,
    causation      text,
    correlation    text,
    recorded_at_us bigint NOT NULL,
    leaf_hash      bytea NOT NULL,
    PRIMARY KEY (log, position)
);
CREATE UNIQUE INDEX events_by_stream ON brokerage.events (log, stream, stream_version);

CREATE TABLE brokerage.requests (
    log          integer NOT NULL,
    key          text COLLATE "C" NOT NULL,
    request_hash bytea NOT NULL,
    reply        bytea NOT NULL,
    head         bigint NOT NULL,
    checksum     bigint NOT NULL,
    PRIMARY KEY (log, key)
);

CREATE TABLE brokerage.sources (
    log      integer NOT NULL,
    source   text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (log, source)
);

CREATE TABLE brokerage.snapshots (
    log      integer NOT NULL,
    name     text COLLATE "C" NOT NULL,
    schema   text NOT NULL,
    position bigint NOT NULL,
    body     bytea NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (log, name)
);

-- Which instance of a service works, while the others wait.
CREATE TABLE brokerage.leases (
    owner      text COLLATE "C" NOT NULL,
    service    text COLLATE "C" NOT NULL,
    holder     uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (owner, service)
);

-- A session sees and writes the rows of the owner that it was set to, and no others; forced, so that this binds the role that owns
-- the tables too. The setting, and which logs are the owner's, is asked once a statement. It guards against a mistake in this program
-- and not against somebody who has the role's password: who must not see a council's rows at all gets no password to its database.
ALTER TABLE brokerage.logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.requests ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.sources ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.snapshots ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.leases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON brokerage.logs USING (owner = (SELECT current_setting('brokerage.owner', true)));
CREATE POLICY own_rows ON brokerage.leases USING (owner = (SELECT current_setting('brokerage.owner', true)));
-- Of the logs a session sees its owner's alone, by the policy above.
CREATE POLICY own_rows ON brokerage.events USING (log = ANY (ARRAY(SELECT number FROM brokerage.logs)));
CREATE POLICY own_rows ON brokerage.requests USING (log = ANY (ARRAY(SELECT number FROM brokerage.logs)));
CREATE POLICY own_rows ON brokerage.sources USING (log = ANY (ARRAY(SELECT number FROM brokerage.logs)));
CREATE POLICY own_rows ON brokerage.snapshots USING (log = ANY (ARRAY(SELECT number FROM brokerage.logs)));

-- Appends a batch, if the appender's epoch stands and the log is as the appender believes. Gives the epoch that it found, and
-- whether it appended. A position, a stream's version or a key that is there already is an error of its own (23505).
CREATE FUNCTION brokerage.append(
    its_owner text, its_service text, its_epoch bigint,
    -- What the inserts do not prove by themselves: streams with the version that they are believed to be at, and keys that are
    -- believed to be new though no row is added for them.
    believed_streams text[], believed_versions bigint[], believed_keys text[],
    positions bigint[], streams text[], stream_versions bigint[], types text[], versions integer[], payloads bytea[],
    effectives text[], councils text[], actors text[], causations text[], correlations text[],
    recorded_at_us bigint[], leaf_hashes bytea[],
    keys text[], request_hashes bytea[], replies bytea[], heads bigint[], reply_checksums bigint[],
    sources text[], source_positions bigint[], source_checksums bigint[],
    OUT found_epoch bigint, OUT appended boolean
) LANGUAGE plpgsql AS $$
DECLARE
    its_number integer;
BEGIN
    appended := false;
    -- Locked until the commit, so that nobody takes the log over in between.
    SELECT number, epoch INTO its_number, found_epoch FROM brokerage.logs
        WHERE owner = its_owner AND service = its_service FOR SHARE;
    IF found_epoch IS DISTINCT FROM its_epoch THEN
        RETURN;
    END IF;
    -- A condition with a query in it is a statement of its own, so most batches should not come to one.
    IF cardinality(believed_streams) > 0 THEN
        IF EXISTS (
            SELECT FROM unnest(believed_streams, believed_versions) AS believed (name, last)
            WHERE believed.last <> coalesce((
                SELECT max(e.stream_version) FROM brokerage.events e WHERE e.log = its_number AND e.stream = believed.name
            ), 0)
        ) THEN
            RETURN;
        END IF;
    END IF;
    IF cardinality(believed_keys) > 0 THEN
        IF EXISTS (SELECT FROM brokerage.requests r WHERE r.log = its_number AND r.key = ANY (believed_keys)) THEN
            RETURN;
        END IF;
    END IF;
    -- Several arrays unnested side by side in a SELECT go in step; as a table in FROM each would be stored away first.
    IF cardinality(positions) > 0 THEN
        INSERT INTO brokerage.events
            SELECT its_number, unnest(positions), unnest(streams), unnest(stream_versions), unnest(types), unnest(versions),
                unnest(payloads), unnest(effectives), unnest(councils), unnest(actors), unnest(causations), unnest(correlations),
                unnest(recorded_at_us), unnest(leaf_hashes);
    END IF;
    IF cardinality(keys) > 0 THEN
        INSERT INTO brokerage.requests
            SELECT its_number, unnest(keys), unnest(request_hashes), unnest(replies), unnest(heads), unnest(reply_checksums);
    END IF;
    IF cardinality(sources) > 0 THEN
        INSERT INTO brokerage.sources
            SELECT its_number, unnest(sources), unnest(source_positions), unnest(source_checksums)
            ON CONFLICT (log, source) DO UPDATE SET position = excluded.position, checksum = excluded.checksum;
    END IF;
    appended := true;
END
$$;
