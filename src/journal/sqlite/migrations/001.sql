-- Journal, version 1. Headers and bodies are written once. What is beside them (trees, received, pulls, presence, leases) is derived
-- or passing, and changes.

-- Every writer that an event here is from. Its key is pinned when it is first seen.
CREATE TABLE writers (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    host TEXT NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    begun_at INTEGER NOT NULL,
    -- For writers of this file only: the machine (a digest), and the file's inode and birth, by which a copy is told from it.
    machine TEXT,
    inode INTEGER,
    born INTEGER
) STRICT;

-- `header` is what was hashed; the columns before it repeat what is searched for. `local` grows with every commit.
CREATE TABLE events (
    local INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    writer BLOB NOT NULL REFERENCES writers (id),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    incident BLOB,
    -- Microseconds after 1970-01-01T00:00:00Z.
    occurred_at INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    counter INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    -- Kind and identity with a space between.
    object TEXT,
    run TEXT,
    supersedes BLOB,
    key TEXT,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    header BLOB NOT NULL,
    -- When it came into this file.
    arrived_at INTEGER NOT NULL,
    UNIQUE (writer, sequence)
) STRICT;
CREATE INDEX events_timeline ON events (incident, occurred_at, wall_ms, counter, writer, sequence);
CREATE INDEX events_state ON events (incident, local) WHERE incident IS NOT NULL AND kind IN (
    'declared', 'title', 'severity', 'status', 'role', 'pin', 'update', 'task', 'link', 'merged', 'milestone', 'withdrawn', 'resolved',
    'reopened', 'attached', 'escalated', 'account', 'review');
CREATE INDEX events_key ON events (writer, key) WHERE key IS NOT NULL;
CREATE INDEX events_run ON events (run, local) WHERE run IS NOT NULL;
CREATE INDEX events_supersedes ON events (supersedes) WHERE supersedes IS NOT NULL;
CREATE INDEX events_erasing ON events (kind, local) WHERE kind IN ('erased', 'expired', 'checkpoint');

-- A body is its JSON, exactly as it was hashed.
CREATE TABLE bodies (
    event INTEGER PRIMARY KEY REFERENCES events (local),
    salt BLOB NOT NULL,
    json BLOB NOT NULL
) STRICT;

-- What the events of the kinds `erased` and `expired` say.
CREATE TABLE erasures (
    event BLOB PRIMARY KEY NOT NULL,
    said_by BLOB NOT NULL REFERENCES events (id)
) STRICT, WITHOUT ROWID;
CREATE TABLE expiries (
    writer BLOB NOT NULL,
    before INTEGER NOT NULL,
    said_by BLOB NOT NULL REFERENCES events (id),
    PRIMARY KEY (writer, before, said_by)
) STRICT, WITHOUT ROWID;

-- Events whose body may go.
CREATE VIEW erasable AS
    SELECT e.local FROM events e JOIN erasures r ON r.event = e.id WHERE e.kind NOT IN ('erased', 'expired', 'checkpoint')
    UNION ALL
    SELECT e.local FROM events e JOIN expiries x ON x.writer = e.writer AND x.before > e.occurred_at
    WHERE e.incident IS NULL AND e.wall_ms < x.before / 1000 AND e.kind NOT IN (
        'erased', 'expired', 'checkpoint', 'declared', 'title', 'severity', 'status', 'role', 'pin', 'update', 'task', 'link', 'merged',
        'milestone', 'withdrawn', 'resolved', 'reopened', 'attached', 'escalated', 'account', 'review');

CREATE TRIGGER writers_stay BEFORE DELETE ON writers BEGIN SELECT RAISE(ABORT, 'writers of a journal are never deleted'); END;
CREATE TRIGGER writers_are BEFORE UPDATE ON writers BEGIN SELECT RAISE(ABORT, 'writers of a journal are never changed'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events of a journal are never deleted'); END;
CREATE TRIGGER events_are BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events of a journal are never changed'); END;
CREATE TRIGGER bodies_are BEFORE UPDATE ON bodies BEGIN SELECT RAISE(ABORT, 'bodies of a journal are never changed'); END;
CREATE TRIGGER bodies_stay BEFORE DELETE ON bodies WHEN NOT EXISTS (SELECT 1 FROM erasable WHERE local = OLD.event)
    BEGIN SELECT RAISE(ABORT, 'a body is deleted only after an event has said why'); END;
-- A body that was erased does not come back from elsewhere.
CREATE TRIGGER bodies_gone BEFORE INSERT ON bodies WHEN EXISTS (SELECT 1 FROM erasable WHERE local = NEW.event)
    BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER erasures_said BEFORE INSERT ON erasures
    WHEN NOT EXISTS (SELECT 1 FROM events WHERE id = NEW.said_by AND kind = 'erased')
    BEGIN SELECT RAISE(ABORT, 'an erasure is said by an event of the kind erased'); END;
CREATE TRIGGER erasures_are BEFORE UPDATE ON erasures BEGIN SELECT RAISE(ABORT, 'erasures are never changed'); END;
CREATE TRIGGER erasures_stay BEFORE DELETE ON erasures BEGIN SELECT RAISE(ABORT, 'erasures are never deleted'); END;
CREATE TRIGGER erasures_done AFTER INSERT ON erasures BEGIN
    DELETE FROM bodies WHERE event IN (
        SELECT local FROM events WHERE id = NEW.event AND kind NOT IN ('erased', 'expired', 'checkpoint'));
END;
CREATE TRIGGER expiries_said BEFORE INSERT ON expiries
    WHEN NOT EXISTS (SELECT 1 FROM events WHERE id = NEW.said_by AND kind = 'expired')
    BEGIN SELECT RAISE(ABORT, 'an expiry is said by an event of the kind expired'); END;
CREATE TRIGGER expiries_are BEFORE UPDATE ON expiries BEGIN SELECT RAISE(ABORT, 'expiries are never changed'); END;
CREATE TRIGGER expiries_stay BEFORE DELETE ON expiries BEGIN SELECT RAISE(ABORT, 'expiries are never deleted'); END;

-- Where the Merkle trees of writers of this file go on; derived from their events.
CREATE TABLE trees (
    writer BLOB PRIMARY KEY NOT NULL REFERENCES writers (id),
    size INTEGER NOT NULL,
    tops BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The latest clock that came from another writer.
CREATE TABLE received (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    wall_ms INTEGER NOT NULL,
    counter INTEGER NOT NULL
) STRICT;
INSERT INTO received VALUES (1, 0, 0);

-- How far a shared store has been read, and the event found there.
CREATE TABLE pulls (
    store BLOB PRIMARY KEY NOT NULL,
    sequence INTEGER NOT NULL,
    event BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is here, on this machine.
CREATE TABLE presence (
    session BLOB PRIMARY KEY NOT NULL,
    attendee TEXT NOT NULL,
    since INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Leases with fencing tokens. A row stays when its lease has ended, so that its token only grows.
CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    token INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER leases_grow BEFORE UPDATE ON leases WHEN NEW.token < OLD.token
    BEGIN SELECT RAISE(ABORT, 'a fencing token never shrinks'); END;
CREATE TRIGGER leases_stay BEFORE DELETE ON leases BEGIN SELECT RAISE(ABORT, 'leases are never deleted: their tokens only grow'); END;
