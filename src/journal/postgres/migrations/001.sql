-- Shared journal, version 1. Headers and bodies are written once. Functions that guard run with the rights of whoever made the schema,
-- so that a role that may only insert and read (see `grants_sql`) cannot get around them.

-- Which store this is, and the row that is locked while numbers are given out.
CREATE TABLE flightdeck.store (
    alone boolean PRIMARY KEY DEFAULT true CHECK (alone),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    form integer NOT NULL
);

CREATE TABLE flightdeck.writers (
    id uuid PRIMARY KEY,
    host text NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    begun_at bigint NOT NULL
);

-- Serial numbers are given out in one order and committed in another, and who reads on from the greatest one would miss those that
-- are committed late. Here the row of `store` is locked from the first number of a transaction to its end, so that both orders are one.
CREATE SEQUENCE flightdeck.event_numbers;

-- `header` is what was hashed; the columns after it repeat what is searched for. Times are microseconds after 1970-01-01T00:00:00Z.
CREATE TABLE flightdeck.events (
    number bigint PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    writer uuid NOT NULL REFERENCES flightdeck.writers (id),
    sequence bigint NOT NULL CHECK (sequence > 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    header bytea NOT NULL,
    incident uuid,
    occurred_at bigint NOT NULL,
    wall_ms bigint NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    UNIQUE (writer, sequence)
);
CREATE INDEX events_of_incidents ON flightdeck.events (incident, occurred_at) WHERE incident IS NOT NULL;
CREATE INDEX events_of_none ON flightdeck.events (writer, occurred_at) WHERE incident IS NULL;

CREATE TABLE flightdeck.bodies (
    event uuid PRIMARY KEY REFERENCES flightdeck.events (id),
    salt bytea NOT NULL,
    json bytea NOT NULL
);

CREATE TABLE flightdeck.erasures (
    event uuid PRIMARY KEY,
    said_by uuid NOT NULL REFERENCES flightdeck.events (id)
);
CREATE TABLE flightdeck.expiries (
    writer uuid NOT NULL,
    before bigint NOT NULL,
    said_by uuid NOT NULL REFERENCES flightdeck.events (id),
    PRIMARY KEY (writer, before, said_by)
);

CREATE FUNCTION flightdeck.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of a journal are never changed or deleted', TG_TABLE_NAME;
END $$;
CREATE TRIGGER stay BEFORE UPDATE OR DELETE OR TRUNCATE ON flightdeck.writers EXECUTE FUNCTION flightdeck.refuse();
CREATE TRIGGER stay BEFORE UPDATE OR DELETE OR TRUNCATE ON flightdeck.events EXECUTE FUNCTION flightdeck.refuse();
CREATE TRIGGER stay BEFORE UPDATE OR DELETE OR TRUNCATE ON flightdeck.erasures EXECUTE FUNCTION flightdeck.refuse();
CREATE TRIGGER stay BEFORE UPDATE OR DELETE OR TRUNCATE ON flightdeck.expiries EXECUTE FUNCTION flightdeck.refuse();
CREATE TRIGGER stay BEFORE UPDATE OR TRUNCATE ON flightdeck.bodies EXECUTE FUNCTION flightdeck.refuse();

CREATE FUNCTION flightdeck.lock_numbers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM 1 FROM flightdeck.store FOR UPDATE;
    RETURN NULL;
END $$;
CREATE TRIGGER numbers_1 BEFORE INSERT ON flightdeck.events EXECUTE FUNCTION flightdeck.lock_numbers();

CREATE FUNCTION flightdeck.take_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    NEW.number := nextval('flightdeck.event_numbers');
    RETURN NEW;
END $$;
CREATE TRIGGER numbers_2 BEFORE INSERT ON flightdeck.events FOR EACH ROW EXECUTE FUNCTION flightdeck.take_number();

CREATE FUNCTION flightdeck.tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE newest bigint;
BEGIN
    SELECT max(number) INTO newest FROM inserted;
    IF newest IS NOT NULL THEN
        PERFORM pg_notify('flightdeck_journal', newest::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT ON flightdeck.events REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT
    EXECUTE FUNCTION flightdeck.tell();

-- Whether the body of an event may go.
CREATE FUNCTION flightdeck.erasable(wanted uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT EXISTS (
        SELECT 1 FROM flightdeck.events e JOIN flightdeck.erasures r ON r.event = e.id
        WHERE e.id = wanted AND e.kind NOT IN ('erased', 'expired', 'checkpoint')
    ) OR EXISTS (
        SELECT 1 FROM flightdeck.events e JOIN flightdeck.expiries x ON x.writer = e.writer AND x.before > e.occurred_at
        WHERE e.id = wanted AND e.incident IS NULL AND e.wall_ms < x.before / 1000 AND e.kind NOT IN (
            'erased', 'expired', 'checkpoint', 'declared', 'title', 'severity', 'status', 'role', 'pin', 'update', 'task', 'link',
            'merged', 'milestone', 'withdrawn', 'resolved', 'reopened', 'attached', 'escalated', 'account', 'review')
    )
$$;

CREATE FUNCTION flightdeck.guard_body() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- A body that was erased does not come back.
        RETURN CASE WHEN flightdeck.erasable(NEW.event) THEN NULL ELSE NEW END;
    END IF;
    IF NOT flightdeck.erasable(OLD.event) THEN
        RAISE EXCEPTION 'a body is deleted only after an event has said why';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR DELETE ON flightdeck.bodies FOR EACH ROW EXECUTE FUNCTION flightdeck.guard_body();

CREATE FUNCTION flightdeck.check_said() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM flightdeck.events WHERE id = NEW.said_by AND kind = TG_ARGV[0]) THEN
        RAISE EXCEPTION 'this is said by an event of the kind %', TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER said BEFORE INSERT ON flightdeck.erasures FOR EACH ROW EXECUTE FUNCTION flightdeck.check_said('erased');
CREATE TRIGGER said BEFORE INSERT ON flightdeck.expiries FOR EACH ROW EXECUTE FUNCTION flightdeck.check_said('expired');

CREATE FUNCTION flightdeck.erase() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM flightdeck.bodies WHERE event = NEW.event AND flightdeck.erasable(event);
    RETURN NULL;
END $$;
CREATE TRIGGER done AFTER INSERT ON flightdeck.erasures FOR EACH ROW EXECUTE FUNCTION flightdeck.erase();

CREATE FUNCTION flightdeck.expire() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM flightdeck.bodies b USING flightdeck.events e
    WHERE b.event = e.id AND e.writer = NEW.writer AND e.incident IS NULL AND e.occurred_at < NEW.before AND flightdeck.erasable(e.id);
    RETURN NULL;
END $$;
CREATE TRIGGER done AFTER INSERT ON flightdeck.expiries FOR EACH ROW EXECUTE FUNCTION flightdeck.expire();

-- Who is here. It passes: nothing of it needs to survive a crash.
CREATE UNLOGGED TABLE flightdeck.presence (
    session uuid PRIMARY KEY,
    attendee text NOT NULL,
    since bigint NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Leases with fencing tokens. A row stays when its lease has ended, so that its token only grows.
CREATE TABLE flightdeck.leases (
    name text PRIMARY KEY,
    holder text NOT NULL,
    token bigint NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE FUNCTION flightdeck.guard_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.token < OLD.token OR NEW.name <> OLD.name THEN
        RAISE EXCEPTION 'leases are never deleted, and their tokens only grow';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON flightdeck.leases FOR EACH ROW EXECUTE FUNCTION flightdeck.guard_lease();
