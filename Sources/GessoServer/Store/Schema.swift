import GRDB

/// The tables, and how older ones become them. A step that has been released is never changed.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: queue, pictures, gallery, settings") { db in
            try db.execute(
                sql: """
                    CREATE TABLE job (
                        id TEXT PRIMARY KEY NOT NULL,
                        state TEXT NOT NULL,
                        priority INTEGER NOT NULL DEFAULT 0,
                        position INTEGER NOT NULL,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        source TEXT NOT NULL,
                        request TEXT NOT NULL,
                        prompt TEXT NOT NULL DEFAULT '',
                        pictures INTEGER NOT NULL,
                        error TEXT,
                        errorKind TEXT,
                        idempotencyKey TEXT UNIQUE,
                        retryOf TEXT,
                        created REAL NOT NULL,
                        started REAL,
                        finished REAL,
                        seq INTEGER NOT NULL
                    );
                    CREATE INDEX jobByState ON job (state, priority DESC, position);
                    CREATE INDEX jobBySeq ON job (seq);
                    CREATE TABLE picture (
                        sha TEXT PRIMARY KEY NOT NULL,
                        type TEXT NOT NULL,
                        bytes INTEGER NOT NULL,
                        width INTEGER NOT NULL,
                        height INTEGER NOT NULL,
                        hasAlpha INTEGER NOT NULL,
                        used REAL NOT NULL
                    );
                    CREATE TABLE result (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
                        number INTEGER NOT NULL,
                        picture TEXT NOT NULL REFERENCES picture (sha),
                        seed INTEGER NOT NULL,
                        infotext TEXT NOT NULL,
                        receipt TEXT NOT NULL,
                        created REAL NOT NULL,
                        star INTEGER NOT NULL DEFAULT 0,
                        deleted REAL,
                        UNIQUE (job, number)
                    );
                    CREATE INDEX resultByTime ON result (deleted, id DESC);
                    CREATE TABLE setting (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
                    CREATE TABLE counter (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL);
                    INSERT INTO counter VALUES ('seq', 0), ('position', 0);
                    """)
        }
        return migrator
    }
}
