-- The tables of migrations/mysql, column for column. A column `…_us` is microseconds since 1970 UTC
-- by SQLite's clock, which ticks in milliseconds.

-- `failed_tries` counts workers that vanished with the request in hand, and failures of theirs; `given_up` says why
-- there is a verdict JE in place of a judgement.
CREATE TABLE judge_submission (
    request_id     TEXT    NOT NULL PRIMARY KEY,
    submission_id  TEXT    NOT NULL,
    content_hash   TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('judging', 'finished')),
    worker         TEXT    NOT NULL,
    fence          INTEGER NOT NULL,
    lease_until_us INTEGER NOT NULL,
    failed_tries   INTEGER NOT NULL,
    given_up       TEXT    NULL,
    created_at_us  INTEGER NOT NULL
) STRICT;
CREATE INDEX judge_submission_submission_id ON judge_submission (submission_id);

-- `report` is the public verdict message as it was sent.
CREATE TABLE judge_history (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id      TEXT    NOT NULL UNIQUE,
    submission_id   TEXT    NOT NULL,
    history_key     TEXT    NULL,
    room_id         TEXT    NULL,
    user_id         TEXT    NULL,
    problem_id      TEXT    NOT NULL,
    problem_version TEXT    NOT NULL,
    language        TEXT    NOT NULL,
    mode            TEXT    NOT NULL,
    verdict         TEXT    NOT NULL,
    score           REAL    NULL,
    max_score       REAL    NULL,
    cpu_time_ms     INTEGER NOT NULL,
    wall_time_ms    INTEGER NOT NULL,
    memory_kib      INTEGER NOT NULL,
    source_hash     TEXT    NOT NULL,
    worker          TEXT    NOT NULL,
    judged_at_us    INTEGER NOT NULL,
    judged_at       TEXT    GENERATED ALWAYS AS
                    (strftime('%Y-%m-%d %H:%M:%f', judged_at_us / 1000000.0, 'unixepoch')) VIRTUAL,
    report          TEXT    NOT NULL CHECK (json_valid(report))
) STRICT;
CREATE INDEX judge_history_submission_id ON judge_history (submission_id);
CREATE INDEX judge_history_history_key ON judge_history (history_key);
CREATE INDEX judge_history_judged_at ON judge_history (judged_at);

CREATE TABLE judge_history_test (
    history_id   INTEGER NOT NULL REFERENCES judge_history (id) ON DELETE CASCADE,
    ordinal      INTEGER NOT NULL,
    visibility   TEXT    NOT NULL CHECK (visibility IN ('public', 'hidden')),
    test_group   TEXT    NULL,
    verdict      TEXT    NOT NULL,
    cpu_time_ms  INTEGER NOT NULL,
    wall_time_ms INTEGER NOT NULL,
    memory_kib   INTEGER NOT NULL,
    PRIMARY KEY (history_id, ordinal)
) STRICT;

-- The message itself is `judge_history.report`; a row here says that no broker has confirmed it yet.
CREATE TABLE judge_outbox (
    history_id     INTEGER NOT NULL PRIMARY KEY REFERENCES judge_history (id),
    reply_to       TEXT    NULL,
    correlation_id TEXT    NULL,
    traceparent    TEXT    NULL,
    created_at_us  INTEGER NOT NULL
) STRICT;
CREATE INDEX judge_outbox_created_at_us ON judge_outbox (created_at_us);

CREATE TABLE judge_problem (
    problem_id         TEXT    NOT NULL PRIMARY KEY,
    version            TEXT    NOT NULL,
    title              TEXT    NOT NULL,
    statement_markdown TEXT    NOT NULL,
    limits_json        TEXT    NOT NULL CHECK (json_valid(limits_json)),
    updated_at_us      INTEGER NOT NULL
) STRICT;

CREATE TABLE judge_public_test (
    problem_id TEXT    NOT NULL REFERENCES judge_problem (problem_id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,
    input      BLOB    NOT NULL,
    answer     BLOB    NOT NULL,
    PRIMARY KEY (problem_id, ordinal)
) STRICT;
