-- Everything compares by bytes (utf8mb4_bin), as SQLite does: `a` and `A` are two request ids.
-- Every statement may run again: MySQL commits each by itself, so a worker killed here leaves a part.
-- A column `…_us` is microseconds since 1970 UTC by the clock of this server.

-- `failed_tries` counts workers that vanished with the request in hand, and failures of theirs; `given_up` says why
-- there is a verdict JE in place of a judgement.
CREATE TABLE IF NOT EXISTS judge_submission (
    request_id     VARCHAR(64)  NOT NULL PRIMARY KEY,
    submission_id  VARCHAR(64)  NOT NULL,
    content_hash   CHAR(64)     NOT NULL,
    state          VARCHAR(16)  NOT NULL CHECK (state IN ('judging', 'finished')),
    worker         VARCHAR(255) NOT NULL,
    fence          BIGINT       NOT NULL,
    lease_until_us BIGINT       NOT NULL,
    failed_tries   BIGINT       NOT NULL,
    given_up       VARCHAR(32)  NULL,
    created_at_us  BIGINT       NOT NULL,
    KEY judge_submission_submission_id (submission_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- `report` is the public verdict message as it was sent. Text, because MySQL's JSON type reorders keys.
CREATE TABLE IF NOT EXISTS judge_history (
    id              BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    request_id      VARCHAR(64)  NOT NULL,
    submission_id   VARCHAR(64)  NOT NULL,
    history_key     VARCHAR(255) NULL,
    room_id         VARCHAR(255) NULL,
    user_id         VARCHAR(255) NULL,
    problem_id      VARCHAR(255) NOT NULL,
    problem_version VARCHAR(255) NOT NULL,
    language        VARCHAR(64)  NOT NULL,
    mode            VARCHAR(16)  NOT NULL,
    verdict         VARCHAR(16)  NOT NULL,
    score           DOUBLE       NULL,
    max_score       DOUBLE       NULL,
    cpu_time_ms     BIGINT       NOT NULL,
    wall_time_ms    BIGINT       NOT NULL,
    memory_kib      BIGINT       NOT NULL,
    source_hash     CHAR(64)     NOT NULL,
    worker          VARCHAR(255) NOT NULL,
    judged_at_us    BIGINT       NOT NULL,
    judged_at       DATETIME(6)  GENERATED ALWAYS AS
                    (TIMESTAMP'1970-01-01 00:00:00' + INTERVAL judged_at_us MICROSECOND) VIRTUAL,
    report          MEDIUMTEXT   NOT NULL CHECK (JSON_VALID(report)),
    UNIQUE KEY judge_history_request_id (request_id),
    KEY judge_history_submission_id (submission_id),
    KEY judge_history_history_key (history_key),
    KEY judge_history_judged_at (judged_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS judge_history_test (
    history_id   BIGINT       NOT NULL,
    ordinal      BIGINT       NOT NULL,
    visibility   VARCHAR(16)  NOT NULL CHECK (visibility IN ('public', 'hidden')),
    test_group   VARCHAR(255) NULL,
    verdict      VARCHAR(16)  NOT NULL,
    cpu_time_ms  BIGINT       NOT NULL,
    wall_time_ms BIGINT       NOT NULL,
    memory_kib   BIGINT       NOT NULL,
    PRIMARY KEY (history_id, ordinal),
    FOREIGN KEY (history_id) REFERENCES judge_history (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The message itself is `judge_history.report`; a row here says that no broker has confirmed it yet.
CREATE TABLE IF NOT EXISTS judge_outbox (
    history_id     BIGINT       NOT NULL PRIMARY KEY,
    reply_to       VARCHAR(255) NULL,
    correlation_id VARCHAR(255) NULL,
    traceparent    VARCHAR(255) NULL,
    created_at_us  BIGINT       NOT NULL,
    KEY judge_outbox_created_at_us (created_at_us),
    FOREIGN KEY (history_id) REFERENCES judge_history (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS judge_problem (
    problem_id         VARCHAR(255) NOT NULL PRIMARY KEY,
    version            VARCHAR(255) NOT NULL,
    title              TEXT         NOT NULL,
    statement_markdown MEDIUMTEXT   NOT NULL,
    limits_json        TEXT         NOT NULL CHECK (JSON_VALID(limits_json)),
    updated_at_us      BIGINT       NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS judge_public_test (
    problem_id VARCHAR(255) NOT NULL,
    ordinal    BIGINT       NOT NULL,
    input      MEDIUMBLOB   NOT NULL,
    answer     MEDIUMBLOB   NOT NULL,
    PRIMARY KEY (problem_id, ordinal),
    FOREIGN KEY (problem_id) REFERENCES judge_problem (problem_id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
