-- Version 1 of the tables. A released migration is frozen: a change is a new file.
--
-- A log is an owner and a service. Text is compared byte by byte, so that order and indexes do not depend on the system's locale.

CREATE TABLE brokerage.appenders (
    owner   text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    epoch   bigint NOT NULL,
    -- Who has it, so that an appender that lost its connection knows itself again.
    holder  uuid NOT NULL,
    PRIMARY KEY (owner, service)
);

CREATE TABLE brokerage.events (
    owner          text COLLATE "C" NOT NULL,
    service        text COLLATE "C" NOT NULL,
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
    PRIMARY KEY (owner, service, position)
);
CREATE UNIQUE INDEX events_by_stream ON brokerage.events (owner, service, stream, stream_version);

CREATE TABLE brokerage.requests (
    owner        text COLLATE "C" NOT NULL,
    service      text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    request_hash bytea NOT NULL,
    reply        bytea NOT NULL,
    head         bigint NOT NULL,
    checksum     bigint NOT NULL,
    PRIMARY KEY (owner, service, key)
);

CREATE TABLE brokerage.sources (
    owner    text COLLATE "C" NOT NULL,
    service  text COLLATE "C" NOT NULL,
    log      text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (owner, service, log)
);

CREATE TABLE brokerage.snapshots (
    owner    text COLLATE "C" NOT NULL,
    service  text COLLATE "C" NOT NULL,
    name     text COLLATE "C" NOT NULL,
    schema   text NOT NULL,
    position bigint NOT NULL,
    body     bytea NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (owner, service, name)
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
-- the tables too. The setting is read once a statement. It guards against a mistake in this program and not against somebody
-- who has the role's password: who must not see a council's rows at all gets no password to its database.
ALTER TABLE brokerage.appenders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.requests ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.sources ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.snapshots ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE brokerage.leases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON brokerage.appenders USING (owner = (SELECT current_setting('brokerage.owner', true)));
CREATE POLICY own_rows ON brokerage.events USING (owner = (SELECT current_setting('brokerage.owner', true)));
CREATE POLICY own_rows ON brokerage.requests USING (owner = (SELECT current_setting('brokerage.owner', true)));
CREATE POLICY own_rows ON brokerage.sources USING (owner = (SELECT current_setting('brokerage.owner', true)));
CREATE POLICY own_rows ON brokerage.snapshots USING (owner = (SELECT current_setting('brokerage.owner', true)));
CREATE POLICY own_rows ON brokerage.leases USING (owner = (SELECT current_setting('brokerage.owner', true)));

-- Appends a batch, if the appender's epoch stands and the log is as the appender believes. Gives the epoch that it found, and
-- whether it appended.
CREATE FUNCTION brokerage.append(
    its_owner text, its_service text, its_epoch bigint,
    -- Streams whose versions the appender does not remember, with what its entries say of them; keys that must be new.
    believed_streams text[], believed_versions bigint[], new_keys text[],
    positions bigint[], streams text[], stream_versions bigint[], types text[], versions integer[], payloads bytea[],
    effectives text[], councils text[], actors text[], causations text[], correlations text[],
    recorded_at_us bigint[], leaf_hashes bytea[],
    keys text[], request_hashes bytea[], replies bytea[], heads bigint[], reply_checksums bigint[],
    source_logs text[], source_positions bigint[], source_checksums bigint[],
    OUT found_epoch bigint, OUT appended boolean
) LANGUAGE plpgsql AS $$
BEGIN
    appended := false;
    -- Locked until the commit, so that nobody takes the log over in between.
    SELECT epoch INTO found_epoch FROM brokerage.appenders
        WHERE owner = its_owner AND service = its_service FOR SHARE;
    IF found_epoch IS DISTINCT FROM its_epoch THEN
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM unnest(believed_streams, believed_versions) AS believed (name, last)
        WHERE believed.last <> coalesce((
            SELECT max(e.stream_version) FROM brokerage.events e
            WHERE e.owner = its_owner AND e.service = its_service AND e.stream = believed.name
        ), 0)
    ) OR EXISTS (
        SELECT FROM brokerage.requests r
        WHERE r.owner = its_owner AND r.service = its_service AND r.key = ANY (new_keys)
    ) THEN
        RETURN;
    END IF;
    INSERT INTO brokerage.events
        SELECT its_owner, its_service, added.* FROM unnest(
            positions, streams, stream_versions, types, versions, payloads, effectives, councils, actors, causations,
            correlations, recorded_at_us, leaf_hashes
        ) AS added;
    INSERT INTO brokerage.requests
        SELECT its_owner, its_service, kept.* FROM unnest(keys, request_hashes, replies, heads, reply_checksums) AS kept;
    INSERT INTO brokerage.sources
        SELECT its_owner, its_service, consumed.* FROM unnest(source_logs, source_positions, source_checksums) AS consumed
        ON CONFLICT (owner, service, log) DO UPDATE SET position = excluded.position, checksum = excluded.checksum;
    appended := true;
END
$$;
