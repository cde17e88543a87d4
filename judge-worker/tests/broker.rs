//! Everything AMQP against a real node. Starting one takes seconds, so one test has one node and
//! runs every scenario on it, each with queue names of its own; a failure names its scenarios.

#[path = "broker/dead_letters.rs"]
mod dead_letters;
#[path = "broker/deliveries.rs"]
mod deliveries;
#[path = "broker/lanes.rs"]
mod lanes;
#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "broker/sharing.rs"]
mod sharing;
#[path = "broker/topology.rs"]
mod topology;
#[path = "broker/verdicts.rs"]
mod verdicts;
#[path = "support/wire.rs"]
mod wire;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::{FutureExt, StreamExt, stream};
use judge_worker::intake::Delivery;
use judge_worker::intake::amqp::{AmqpSource, Broker, BrokerConfig, BrokerState, Names};
use lapin::BasicProperties;
use lapin::types::FieldTable;
use tokio::time::timeout;

use rabbit::Rabbit;
use wire::{PATIENCE, Wire, header, until};

/// A node of many cores could run all at once; this one shares two.
const AT_ONCE: usize = 4;

macro_rules! scenarios {
    ($($room:ident::$name:ident),* $(,)?) => {
        [$((stringify!($name), (|scene| Box::pin($room::$name(scene))) as Scenario)),*]
    };
}

type Scenario = fn(Scene) -> Pin<Box<dyn Future<Output = ()>>>;

#[test]
fn one_node_serves_every_scenario() {
    let node = Arc::new(Rabbit::start());
    let scenarios = scenarios![
        topology::the_topology_can_be_declared_by_any_number_of_workers,
        topology::without_the_configure_right_what_exists_is_used,
        topology::without_the_configure_right_what_is_missing_is_named,
        topology::a_queue_with_another_limit_is_used_as_it_is,
        topology::a_retry_queue_that_would_strand_jobs_is_refused,
        deliveries::an_acked_submission_arrived_with_its_facts_and_is_gone,
        deliveries::what_is_in_hand_comes_again_when_the_connection_is_cut,
        deliveries::a_consumer_comes_back_when_its_queue_was_deleted,
        deliveries::a_delivery_that_is_dropped_unsettled_goes_back,
        deliveries::a_retried_job_returns_to_its_lane_with_its_cause_not_before_its_delay,
        deliveries::an_oversized_job_is_not_shown_and_dies_whole,
        deliveries::a_job_given_back_too_often_is_dead_lettered_by_the_broker,
        dead_letters::a_pass_over_the_dead_letters_changes_neither_order_nor_number,
        dead_letters::two_passes_at_one_time_do_not_mix,
        dead_letters::a_replay_reaches_its_queue_afresh,
        dead_letters::a_letter_that_cannot_be_replayed_stays_dead,
        dead_letters::a_job_that_cannot_be_moved_goes_back_to_its_queue,
        verdicts::a_verdict_reaches_its_room_and_its_sender,
        verdicts::a_verdict_is_not_ok_while_the_broker_is_away,
        sharing::prefetch_bounds_what_is_unsettled,
        sharing::two_workers_share_the_work,
        sharing::bulk_work_waits_for_live_work,
        sharing::a_drain_gives_back_what_was_not_handed_out,
        sharing::commands_reach_every_worker_and_bad_ones_nobody,
        lanes::many_of_one_user_delay_nobody_by_more_than_there_are_places,
        lanes::without_lanes_everybody_waits_for_one_user,
        lanes::neither_lanes_nor_direct_work_starves_and_bulk_waits_for_both,
        lanes::what_was_parked_has_its_facts_and_its_home,
        lanes::a_delivery_count_survives_the_way_into_a_lane,
        lanes::what_the_broker_gives_up_in_a_lane_belongs_to_the_live_queue,
        lanes::who_parks_tells_the_others,
        lanes::without_its_lane_a_job_waits_where_it_is,
    ];
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let failed = runtime.block_on(run(&node, scenarios.into()));
    assert!(failed.is_empty(), "failed scenarios (their panics stand above): {failed:#?}");
}

async fn run(node: &Arc<Rabbit>, scenarios: Vec<(&'static str, Scenario)>) -> Vec<&'static str> {
    let outcomes = scenarios.into_iter().map(async |(name, scenario)| {
        let started = Instant::now();
        let scene = async { scenario(Scene::open(Arc::clone(node), name).await).await };
        let ended = timeout(2 * PATIENCE, AssertUnwindSafe(scene).catch_unwind()).await;
        let passed = matches!(ended, Ok(Ok(())));
        println!("{} {name} ({:?})", if passed { "pass" } else { "FAIL" }, started.elapsed());
        (!passed).then_some(name)
    });
    let outcomes = stream::iter(outcomes).buffer_unordered(AT_ONCE);
    outcomes.filter_map(async |failed| failed).collect().await
}

/// A scenario's share of the node: its own names, and a client that is not the code under test.
struct Scene {
    node: Arc<Rabbit>,
    config: BrokerConfig,
    wire: Wire,
}

impl Scene {
    async fn open(node: Arc<Rabbit>, name: &str) -> Self {
        let mut config = BrokerConfig::new(node.url());
        config.names = Names::with_prefix(name);
        config.connection_name = name.into();
        let wire = Wire::open(&node.url()).await;
        Self { node, config, wire }
    }

    async fn broker(&self) -> Broker {
        connected(&self.config).await
    }

    async fn enqueue(&self, bodies: &[&str]) {
        for body in bodies {
            self.wire.publish(&self.config.names.submissions, body.as_bytes()).await;
        }
    }

    /// Waits until so many messages are ready in a queue.
    async fn until_ready(&self, broker: &Broker, queue: &str, ready: u32) {
        until(&format!("{ready} ready in {queue}"), async || {
            broker.depth(queue).await.expect("a depth").ready == ready
        })
        .await;
    }
}

/// All that a sender may say beside the submission.
fn facts() -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert("traceparent".into(), header("00-trace-span-01"));
    BasicProperties::default()
        .with_headers(headers)
        .with_message_id("m1".into())
        .with_reply_to("replies".into())
        .with_correlation_id("c1".into())
        .with_timestamp(1_700_000_000)
}

fn assert_has_facts(delivery: &Delivery) {
    assert_eq!(delivery.message_id.as_deref(), Some("m1"));
    assert_eq!(delivery.reply_to.as_deref(), Some("replies"));
    assert_eq!(delivery.correlation_id.as_deref(), Some("c1"));
    assert_eq!(delivery.traceparent.as_deref(), Some("00-trace-span-01"));
    let enqueued = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    assert_eq!(delivery.enqueued_at, Some(enqueued));
}

async fn connected(config: &BrokerConfig) -> Broker {
    let broker = Broker::connect(config).expect("usable settings");
    timeout(PATIENCE, broker.ready()).await.expect("in time").expect("a session");
    broker
}

async fn next(source: &mut AmqpSource) -> Delivery {
    timeout(PATIENCE, source.next()).await.expect("a delivery in time").expect("not at its end")
}

fn text(delivery: &Delivery) -> &str {
    str::from_utf8(delivery.body().expect("small enough")).expect("UTF-8")
}

async fn down(config: &BrokerConfig) -> String {
    let broker = Broker::connect(config).expect("usable settings");
    let mut state = broker.state();
    let told = state.wait_for(|state| {
        matches!(state, BrokerState::Down { reason } if !reason.starts_with("not connected yet"))
    });
    match timeout(PATIENCE, told).await.expect("in time").expect("a supervisor").clone() {
        BrokerState::Down { reason } => reason,
        BrokerState::Up => unreachable!("waited for the opposite"),
    }
}
