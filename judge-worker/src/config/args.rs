//! The flags. Their values are read later, together with those of all other places.

use std::path::PathBuf;

use clap::Args;

/// Flags of all settings, to be flattened into a command. Each can also be given as an environment
/// variable, named in parentheses, or as a key of the file that `--config` names.
#[expect(clippy::doc_markdown, reason = "shown as help, where backticks would be printed")]
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArgs {
    /// A file of settings in TOML (env: JUDGE_CONFIG)
    #[arg(long, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// The broker; others see flags, so put a password elsewhere (env: JUDGE_AMQP_URL)
    #[arg(long, value_name = "URL")]
    pub amqp_url: Option<String>,
    /// A file that holds the broker's URL (env: JUDGE_AMQP_URL_FILE)
    #[arg(long, value_name = "PATH")]
    pub amqp_url_file: Option<String>,
    /// The database, mysql:// or sqlite:// (env: JUDGE_DATABASE_URL)
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// A file that holds the database's URL (env: JUDGE_DATABASE_URL_FILE)
    #[arg(long, value_name = "PATH")]
    pub database_url_file: Option<String>,
    /// The folder of problem packages, each named by its problem id (env: JUDGE_PROBLEMS)
    #[arg(long, value_name = "PATH")]
    pub problems: Option<String>,
    /// How many submissions are judged at one time; 0: one a usable core (env: JUDGE_SLOTS)
    #[arg(long, value_name = "N")]
    pub slots: Option<String>,
    /// Where metrics and health are served (env: JUDGE_HTTP_ADDR)
    #[arg(long, value_name = "ADDRESS")]
    pub http_addr: Option<String>,
    /// This worker's name; empty: host name and process id (env: JUDGE_WORKER_NAME)
    #[arg(long, value_name = "NAME")]
    pub worker_name: Option<String>,
    /// Which log lines are written, like info or warn,judge_worker=debug (env: JUDGE_LOG)
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// How log lines are written: text or json (env: JUDGE_LOG_FORMAT)
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Where submissions come from: amqp or stdio (env: JUDGE_QUEUE)
    #[arg(long, value_name = "KIND")]
    pub queue: Option<String>,
    /// The largest program (env: JUDGE_MAX_SOURCE_BYTES)
    #[arg(long, value_name = "BYTES")]
    pub max_source_bytes: Option<String>,
    /// The largest message (env: JUDGE_MAX_MESSAGE_BYTES)
    #[arg(long, value_name = "BYTES")]
    pub max_message_bytes: Option<String>,
    /// Submissions fetched beyond the free slots (env: JUDGE_READ_AHEAD)
    #[arg(long, value_name = "N")]
    pub read_ahead: Option<String>,
    /// Lanes in which users wait who have more than one submission waiting; 0: none (env: JUDGE_LANES)
    #[arg(long, value_name = "N")]
    pub lanes: Option<String>,
    /// Another worker may take over a submission after this long a silence (env: JUDGE_LEASE_SECONDS)
    #[arg(long, value_name = "SECONDS")]
    pub lease_seconds: Option<String>,
    /// How long what is in hand may take after a SIGTERM (env: JUDGE_DRAIN_DEADLINE_SECONDS)
    #[arg(long, value_name = "SECONDS")]
    pub drain_deadline_seconds: Option<String>,
    /// Leave out the tests after the first that failed (env: JUDGE_STOP_AT_FIRST_FAILURE)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub stop_at_first_failure: Option<String>,
    /// Run the tests of one submission on several slots at one time (env: JUDGE_PARALLEL_TESTS)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub parallel_tests: Option<String>,
    /// End a run at the first wrong output, before it can exceed a limit (env: JUDGE_END_AT_MISMATCH)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub end_at_mismatch: Option<String>,
    /// Whether each slot has a core of its own: auto, on or off (env: JUDGE_PIN_SLOTS)
    #[arg(long, value_name = "WHEN")]
    pub pin_slots: Option<String>,
    /// The cgroup to make sub-groups in; empty: found by itself (env: JUDGE_CGROUP_PARENT)
    #[arg(long, value_name = "PATH")]
    pub cgroup_parent: Option<String>,
    /// Judge less exactly, without cgroups, where there are none (env: JUDGE_ALLOW_NO_CGROUP)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub allow_no_cgroup: Option<String>,
    /// A folder of sandbox profiles; empty: those built in (env: JUDGE_PROFILES)
    #[arg(long, value_name = "PATH")]
    pub profiles: Option<String>,
    /// Where compiled programs are kept; empty: /var/cache/judge-worker (env: JUDGE_CACHE_DIR)
    #[arg(long, value_name = "PATH")]
    pub cache_dir: Option<String>,
    /// How much of compiled programs is kept; 0: nothing (env: JUDGE_COMPILE_CACHE_MIB)
    #[arg(long, value_name = "MIB")]
    pub compile_cache_mib: Option<String>,
    /// Prepare compilers once, so that they are done sooner (env: JUDGE_PREPARE_COMPILERS)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub prepare_compilers: Option<String>,
    /// The queue of live submissions (env: JUDGE_QUEUES_SUBMISSIONS)
    #[arg(long, value_name = "NAME")]
    pub queues_submissions: Option<String>,
    /// The queue of bulk work (env: JUDGE_QUEUES_REJUDGE)
    #[arg(long, value_name = "NAME")]
    pub queues_rejudge: Option<String>,
    /// The queue to wait in before another try (env: JUDGE_QUEUES_RETRY)
    #[arg(long, value_name = "NAME")]
    pub queues_retry: Option<String>,
    /// The queue of what cannot be judged (env: JUDGE_QUEUES_DEAD)
    #[arg(long, value_name = "NAME")]
    pub queues_dead: Option<String>,
    /// What the names of lanes begin with (env: JUDGE_QUEUES_LANE)
    #[arg(long, value_name = "NAME")]
    pub queues_lane: Option<String>,
    /// The exchange of progress and verdicts (env: JUDGE_QUEUES_EVENTS)
    #[arg(long, value_name = "NAME")]
    pub queues_events: Option<String>,
    /// The exchange of control messages (env: JUDGE_QUEUES_CONTROL)
    #[arg(long, value_name = "NAME")]
    pub queues_control: Option<String>,
}
