//! Where the broker is, what its objects are called, and how patient we are with it.

use std::{num::NonZeroU16, time::Duration};

/// Names of the queues and exchanges. Each is at most 255 bytes (an AMQP short string).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Quorum queue of live submissions.
    pub submissions: String,
    /// Quorum queue of bulk work.
    pub rejudge: String,
    /// Quorum queue, and the fanout exchange before it, where transient failures wait.
    pub retry: String,
    /// Quorum queue of what no worker can judge. At most 244 bytes: see [`Names::unanswered`].
    pub dead: String,
    /// Beginning of the names of the lanes, quorum queues of what waits for its user's turn, and name
    /// of the fanout exchange that tells of them. At most 249 bytes: see [`Names::lane`].
    pub lane: String,
    /// Topic exchange of progress and verdicts.
    pub events: String,
    /// Fanout exchange of commands to every worker.
    pub control: String,
}

impl Default for Names {
    fn default() -> Self {
        Self::with_prefix("judge")
    }
}

impl Names {
    /// All names under one prefix: `judge` gives `judge.submissions` and so on. A second prefix is
    /// a second, separate deployment on the same virtual host.
    pub fn with_prefix(prefix: &str) -> Self {
        let name = |object: &str| format!("{prefix}.{object}");
        Self {
            submissions: name("submissions"),
            rejudge: name("rejudge"),
            retry: name("retry"),
            dead: name("dead"),
            lane: name("lane"),
            events: name("events"),
            control: name("control"),
        }
    }

    /// Quorum queue of what the broker has handed out too often, on its way to `dead`: no worker
    /// has said a verdict yet.
    pub fn unanswered(&self) -> String {
        format!("{}.unanswered", self.dead)
    }

    /// The quorum queue of one lane, counted from 0.
    pub fn lane(&self, number: u16) -> String {
        format!("{}.{number}", self.lane)
    }

    pub(super) fn is_lane(&self, queue: &str) -> bool {
        let rest = queue.strip_prefix(&self.lane).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|number| number.parse::<u16>().is_ok())
    }

    pub(super) fn all(&self) -> [String; 9] {
        let Self { submissions, rejudge, retry, dead, lane, events, control } = self.clone();
        let (unanswered, last_lane) = (self.unanswered(), self.lane(u16::MAX));
        [submissions, rejudge, retry, dead, lane, events, control, unanswered, last_lane]
    }
}

/// Settings of the connection to `RabbitMQ`.
#[derive(Clone)]
pub struct BrokerConfig {
    /// `amqp://user:password@host:port/vhost` or `amqps://…`. It is a secret: never logged.
    pub url: String,
    /// Names of queues and exchanges.
    pub names: Names,
    /// What the management page shows for our two connections, followed by their roles.
    pub connection_name: String,
    /// Deliveries in hand at once: the slots plus a small read-ahead. Each of them counts a delivery
    /// when the connection breaks, so a large one kills innocent messages. With lanes, one more is
    /// fetched, and while submissions are parked, 64 more.
    pub prefetch: NonZeroU16,
    /// How many lanes there are for what waits for its user's turn; 0: first come, first served. All
    /// workers of a deployment have the same number.
    pub lanes: u16,
    /// Longest silence before either side calls the connection dead; whole seconds.
    pub heartbeat: Duration,
    /// For one attempt to connect, and for each request to the broker that has an answer.
    pub request_timeout: Duration,
    /// For the broker to confirm one publish, waiting for a connection included.
    pub confirm_timeout: Duration,
    /// Longest pause between two attempts to reconnect; inclusive.
    pub max_backoff: Duration,
    /// Largest body handed up, in bytes; inclusive. What the client library may hold is bounded
    /// by what is fetched (see `prefetch`) times the broker's own `max_message_size`.
    pub max_body_bytes: usize,
    /// Deliveries a message may come back from before the broker dead-letters it
    /// (`x-delivery-limit`).
    pub delivery_limit: u32,
    /// Longest wait in the retry queue: longer delays are cut to this.
    pub max_retry_delay: Duration,
    /// How soon the bulk queue is asked again for work while a slot is free, at first: while there is
    /// none, the pauses grow to some seconds. And how long the live queue must have been silent before
    /// the first question.
    pub bulk_poll: Duration,
}

impl BrokerConfig {
    /// Defaults for everything but the address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            names: Names::default(),
            connection_name: "judge-worker".into(),
            prefetch: NonZeroU16::MIN,
            lanes: 0,
            heartbeat: Duration::from_secs(20),
            request_timeout: Duration::from_secs(15),
            confirm_timeout: Duration::from_secs(30),
            max_backoff: Duration::from_secs(30),
            max_body_bytes: 1 << 20,
            delivery_limit: 5,
            max_retry_delay: Duration::from_mins(5),
            bulk_poll: Duration::from_millis(250),
        }
    }
}

impl std::fmt::Debug for BrokerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // All but the URL, which holds the password.
        f.debug_struct("BrokerConfig")
            .field("names", &self.names)
            .field("connection_name", &self.connection_name)
            .field("prefetch", &self.prefetch)
            .finish_non_exhaustive()
    }
}
