//! Everything AMQP against a real node. Starting one takes seconds, so one test has one node and
//! runs every scenario on it, each with queue names of its own; a failure names its scenarios.

#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/wire.rs"]
mod wire;

use std::{
    collections::BTreeSet,
    num::NonZeroU16,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use futures_util::{FutureExt, StreamExt, stream};
use judge_worker::{
    intake::{
        DeadReason, Delivery, Disposition, Lane, Settled,
        amqp::{
            ATTEMPT, AmqpSource, Broker, BrokerConfig, BrokerError, BrokerState, CAUSE, Command,
            DELIVERIES, DETAIL, Names, PublishError, QUEUE, REASON, REPLAY_OF, Replayed, Target,
        },
        settle,
    },
    outbox::{ProgressEnvelope, Publisher, VerdictEnvelope},
};
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use rabbit::Rabbit;
use tokio::time::timeout;
use wire::{PATIENCE, Wire, header, until};

/// A node of many cores could run all at once; this one shares two.
const AT_ONCE: usize = 4;

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        [$((stringify!($name), (|scene| Box::pin($name(scene))) as Scenario)),*]
    };
}

type Scenario = fn(Scene) -> Pin<Box<dyn Future<Output = ()>>>;

#[test]
fn one_node_serves_every_scenario() {
    let node = Arc::new(Rabbit::start());
    let scenarios = scenarios![
        the_topology_can_be_declared_by_any_number_of_workers,
        without_the_configure_right_what_exists_is_used,
        without_the_configure_right_what_is_missing_is_named,
        a_queue_with_another_limit_is_used_as_it_is,
        a_retry_queue_that_would_strand_jobs_is_refused,
        an_acked_submission_arrived_with_its_facts_and_is_gone,
        what_is_in_hand_comes_again_when_the_connection_is_cut,
        a_consumer_comes_back_when_its_queue_was_deleted,
        a_delivery_that_is_dropped_unsettled_goes_back,
        a_retried_job_returns_to_its_lane_with_its_cause_not_before_its_delay,
        an_oversized_job_is_not_shown_and_dies_whole,
        a_job_given_back_too_often_is_dead_lettered_by_the_broker,
        a_pass_over_the_dead_letters_changes_neither_order_nor_number,
        two_passes_at_one_time_do_not_mix,
        a_replay_reaches_its_queue_afresh,
        a_letter_that_cannot_be_replayed_stays_dead,
        a_job_that_cannot_be_moved_goes_back_to_its_queue,
        a_verdict_reaches_its_room_and_its_sender,
        a_verdict_is_not_ok_while_the_broker_is_away,
        prefetch_bounds_what_is_unsettled,
        two_workers_share_the_work,
        bulk_work_waits_for_live_work,
        a_drain_gives_back_what_was_not_handed_out,
        commands_reach_every_worker_and_bad_ones_nobody,
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

async fn the_topology_can_be_declared_by_any_number_of_workers(scene: Scene) {
    let (first, second) = (scene.broker().await, scene.broker().await);
    let Names { submissions, rejudge, retry, dead, .. } = &scene.config.names;
    for queue in [submissions, rejudge, retry, dead, &scene.config.names.unanswered()] {
        assert_eq!(second.depth(queue).await.expect("a queue").ready, 0, "{queue}");
    }
    first.close().await;
    second.close().await;
}

async fn without_the_configure_right_what_exists_is_used(scene: Scene) {
    drop(scene.broker().await);
    scene.node.ctl(&["add_user", "consumer", "secret"]);
    scene.node.ctl(&["set_permissions", "consumer", "^$", ".*", ".*"]);
    let mut config = scene.config.clone();
    config.url = scene.node.url_as("consumer", "secret");
    let mut source = connected(&config).await.consume();
    scene.enqueue(&["{}"]).await;
    let delivery = next(&mut source).await;
    assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
}

async fn without_the_configure_right_what_is_missing_is_named(scene: Scene) {
    scene.node.ctl(&["add_user", "stranger", "secret"]);
    scene.node.ctl(&["set_permissions", "stranger", "^$", ".*", ".*"]);
    let mut config = scene.config.clone();
    config.url = scene.node.url_as("stranger", "secret");
    let reason = down(&config).await;
    assert!(reason.contains(&config.names.dead), "{reason}");
    assert!(reason.contains("does not exist") && reason.contains("configure"), "{reason}");
    assert!(!reason.contains("secret"), "{reason}");
}

async fn a_queue_with_another_limit_is_used_as_it_is(scene: Scene) {
    let mut other = scene.config.clone();
    other.delivery_limit += 1;
    drop(connected(&other).await);
    let mut source = scene.broker().await.consume();
    scene.enqueue(&["{}"]).await;
    assert_eq!(settle(next(&mut source).await, Disposition::Ack).await, Settled::Done);
}

async fn a_retry_queue_that_would_strand_jobs_is_refused(scene: Scene) {
    scene.wire.declare_queue(&scene.config.names.retry).await;
    let reason = down(&scene.config).await;
    assert!(reason.contains("cannot do its work"), "{reason}");
    assert!(reason.contains(&scene.config.names.retry), "{reason}");
}

async fn an_acked_submission_arrived_with_its_facts_and_is_gone(scene: Scene) {
    let broker = scene.broker().await;
    let mut source = broker.consume();
    let submissions = scene.config.names.submissions.clone();
    let mut headers = FieldTable::default();
    headers.insert("traceparent".into(), header("00-trace-span-01"));
    let properties = BasicProperties::default()
        .with_headers(headers)
        .with_message_id("m1".into())
        .with_reply_to("replies".into())
        .with_correlation_id("c1".into())
        .with_timestamp(1_700_000_000);
    scene.wire.publish_with("", &submissions, b"{\"a\":1}", properties).await;
    let delivery = next(&mut source).await;
    assert_eq!(text(&delivery), "{\"a\":1}");
    assert_eq!((delivery.lane, delivery.redelivered), (Lane::Live, false));
    assert_eq!((delivery.delivery_count, delivery.attempt), (0, 0));
    assert_eq!(delivery.message_id.as_deref(), Some("m1"));
    assert_eq!(delivery.reply_to.as_deref(), Some("replies"));
    assert_eq!(delivery.correlation_id.as_deref(), Some("c1"));
    assert_eq!(delivery.traceparent.as_deref(), Some("00-trace-span-01"));
    let enqueued = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    assert_eq!(delivery.enqueued_at, Some(enqueued));
    assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
    // Only what was not acked would be ready again after a close.
    broker.close().await;
    assert_eq!(scene.broker().await.depth(&submissions).await.expect("a depth").ready, 0);
}

async fn what_is_in_hand_comes_again_when_the_connection_is_cut(scene: Scene) {
    let broker = scene.broker().await;
    let mut state = broker.state();
    let mut source = broker.consume();
    scene.enqueue(&["{}"]).await;
    let lost = next(&mut source).await;
    state.mark_unchanged();
    let ours = scene.node.ctl(&["list_connections", "pid", "client_properties"]);
    let role = format!("{} (consuming)", scene.config.connection_name);
    let line = ours.lines().find(|line| line.contains(&role)).expect("our connection");
    let pid = line.split_whitespace().next().expect("its pid");
    scene.node.ctl(&["close_connection", pid, "cut by the test"]);
    timeout(PATIENCE, state.changed()).await.expect("in time").expect("a supervisor");
    let again = next(&mut source).await;
    assert!(again.redelivered);
    assert_eq!(again.delivery_count, 1);
    assert_eq!(settle(lost, Disposition::Ack).await, Settled::Lost);
    assert_eq!(settle(again, Disposition::Ack).await, Settled::Done);
    scene.until_ready(&broker, &scene.config.names.submissions, 0).await;
}

async fn a_consumer_comes_back_when_its_queue_was_deleted(scene: Scene) {
    let mut source = scene.broker().await.consume();
    scene.enqueue(&["before"]).await;
    let before = next(&mut source).await;
    assert_eq!(settle(before, Disposition::Ack).await, Settled::Done);
    scene.wire.delete_queue(&scene.config.names.submissions).await;
    until("the queue is declared again", || scene.wire.exists(&scene.config.names.submissions))
        .await;
    // While it forms, the broker may reject: a careful sender tries again.
    until("the queue takes a message", async || {
        let properties = BasicProperties::default();
        let sent =
            scene.wire.try_publish("", &scene.config.names.submissions, b"after", properties);
        sent.await.expect("a publish")
    })
    .await;
    let after = next(&mut source).await;
    assert_eq!(text(&after), "after");
    assert_eq!(settle(after, Disposition::Ack).await, Settled::Done);
}

async fn a_delivery_that_is_dropped_unsettled_goes_back(scene: Scene) {
    let mut source = scene.broker().await.consume();
    scene.enqueue(&["{}"]).await;
    drop(next(&mut source).await);
    let again = next(&mut source).await;
    assert_eq!(again.delivery_count, 1);
    assert_eq!(settle(again, Disposition::Ack).await, Settled::Done);
}

async fn a_retried_job_returns_to_its_lane_with_its_cause_not_before_its_delay(scene: Scene) {
    let mut source = scene.broker().await.consume();
    let Names { submissions, rejudge, dead, .. } = &scene.config.names;
    for (queue, lane) in [(submissions, Lane::Live), (rejudge, Lane::Bulk)] {
        let properties = BasicProperties::default().with_message_id("m1".into());
        scene.wire.publish_with("", queue, b"{}", properties).await;
        for attempt in 0..2 {
            let delivery = next(&mut source).await;
            assert_eq!((delivery.attempt, delivery.lane), (attempt, lane));
            let (cause, delay) =
                (format!("no database, time {attempt}"), Duration::from_millis(300));
            let since = Instant::now();
            let retry = Disposition::Retry { cause, delay };
            assert_eq!(settle(delivery, retry).await, Settled::Done);
            let again = next(&mut source).await;
            assert!(since.elapsed() >= delay, "came back after {:?}", since.elapsed());
            // For the next round, as another worker would get it.
            assert_eq!(settle(again, Disposition::Requeue).await, Settled::Done);
        }
        let delivery = next(&mut source).await;
        let reason = DeadReason::RetriesExhausted;
        let dispose = Disposition::Dead { reason, detail: "tried twice".into() };
        assert_eq!(settle(delivery, dispose).await, Settled::Done);
        let died = scene.wire.get(dead).await;
        assert_eq!(died.text(CAUSE).as_deref(), Some("no database, time 1"));
        assert_eq!(died.integer(ATTEMPT), Some(2));
        assert_eq!(died.text(QUEUE).as_ref(), Some(queue));
        assert_eq!(
            died.properties.message_id().as_ref().map(ToString::to_string).as_deref(),
            Some("m1")
        );
    }
}

async fn an_oversized_job_is_not_shown_and_dies_whole(scene: Scene) {
    let mut config = scene.config.clone();
    config.max_body_bytes = 8;
    let mut source = connected(&config).await.consume();
    scene.enqueue(&["12345678", "123456789"]).await;
    let fits = next(&mut source).await;
    assert_eq!(text(&fits), "12345678");
    assert_eq!(settle(fits, Disposition::Ack).await, Settled::Done);
    let oversized = next(&mut source).await;
    let too_large = oversized.body().expect_err("over the bound");
    assert_eq!((too_large.bytes, too_large.limit), (9, 8));
    let detail = "é".repeat(1000);
    let dispose = Disposition::Dead { reason: DeadReason::TooLarge, detail };
    assert_eq!(settle(oversized, dispose).await, Settled::Done);
    let died = scene.wire.get(&config.names.dead).await;
    assert_eq!(died.integer(DELIVERIES), Some(1));
    assert_eq!(died.body, b"123456789");
    assert_eq!(died.text(REASON).as_deref(), Some("too_large"));
    assert_eq!(died.text(DETAIL), Some("é".repeat(512)));
    assert_eq!(died.integer(ATTEMPT), Some(0));
}

async fn a_job_given_back_too_often_is_dead_lettered_by_the_broker(scene: Scene) {
    let mut config = scene.config.clone();
    config.delivery_limit = 2;
    let mut source = connected(&config).await.consume();
    scene.enqueue(&["{}"]).await;
    for count in 0..=2 {
        let delivery = next(&mut source).await;
        assert_eq!(delivery.delivery_count, count);
        assert_eq!(settle(delivery, Disposition::Requeue).await, Settled::Done);
    }
    // On its way to the dead queue it passes through a worker's hand, by the retry queue if need be.
    let mut unanswered = connected(&config).await.unanswered();
    for dispose in [
        Disposition::Retry { cause: "held elsewhere".into(), delay: Duration::ZERO },
        Disposition::Dead { reason: DeadReason::DeliveryLimit, detail: String::new() },
    ] {
        let given_up = timeout(PATIENCE, unanswered.next()).await.expect("in time").expect("one");
        assert_eq!((given_up.lane, given_up.deliveries()), (Lane::Unanswered, 3));
        assert_eq!(settle(given_up, dispose).await, Settled::Done);
    }
    let died = scene.wire.get(&config.names.dead).await;
    assert_eq!(died.text(REASON).as_deref(), Some("delivery_limit"));
    assert_eq!(died.text(QUEUE).as_ref(), Some(&config.names.submissions));
    assert_eq!(died.integer(DELIVERIES), Some(3));
}

/// More than a map of Erlang keeps in order.
const LETTERS: u32 = 70;

async fn bury(scene: &Scene, letters: u32) {
    for letter in 1..=letters {
        scene.wire.publish(&scene.config.names.dead, letter.to_string().as_bytes()).await;
    }
}

async fn a_pass_over_the_dead_letters_changes_neither_order_nor_number(scene: Scene) {
    let broker = scene.broker().await;
    bury(&scene, LETTERS).await;
    for _ in 0..2 {
        let mut pass = broker.dead_pass().await.expect("nobody else looks");
        for position in 1..=LETTERS {
            let letter = pass.next().await.expect("the broker is up").expect("a letter");
            assert_eq!(letter.position, position);
            assert_eq!(letter.body, position.to_string().as_bytes());
            assert_eq!(pass.behind(), LETTERS - position);
        }
        // What dies meanwhile is behind them, and not of this pass.
        bury(&scene, 1).await;
        assert!(pass.next().await.expect("the broker is up").is_none());
        pass.finish().await.expect("they go back");
        let mut pass = broker.dead_pass().await.expect("the other pass is over");
        for position in 1..=LETTERS {
            let letter = pass.next().await.expect("the broker is up").expect("a letter");
            assert_eq!(letter.body, position.to_string().as_bytes());
        }
        let last = pass.next().await.expect("the broker is up").expect("the one that came late");
        pass.remove(&last).await.expect("it goes");
        pass.finish().await.expect("they go back");
    }
    for letter in 1..=LETTERS {
        let stored = scene.wire.get(&scene.config.names.dead).await;
        assert_eq!(stored.body, letter.to_string().as_bytes());
    }
    assert!(scene.wire.try_get(&scene.config.names.dead).await.is_none());
}

async fn two_passes_at_one_time_do_not_mix(scene: Scene) {
    let (first, second) = (scene.broker().await, scene.broker().await);
    let pass = first.dead_pass().await.expect("nobody else looks");
    assert!(matches!(second.dead_pass().await, Err(BrokerError::Busy)));
    pass.finish().await.expect("the broker is up");
    // A pass that dies lets go as well.
    drop(first.dead_pass().await.expect("nobody else looks"));
    first.close().await;
    second.dead_pass().await.expect("nobody else looks");
}

/// A letter as a worker buries it.
fn buried(scene: &Scene) -> BasicProperties {
    let mut headers = FieldTable::default();
    for (name, value) in [
        (REASON, "retries_exhausted"),
        (DETAIL, "judging failed"),
        (CAUSE, "no memory"),
        (QUEUE, &scene.config.names.rejudge),
        ("traceparent", "00-trace-span-01"),
    ] {
        headers.insert(name.into(), header(value));
    }
    headers.insert(ATTEMPT.into(), AMQPValue::LongLongInt(3));
    BasicProperties::default().with_headers(headers).with_message_id("r-1".into())
}

async fn a_replay_reaches_its_queue_afresh(scene: Scene) {
    let broker = scene.broker().await;
    let dead = &scene.config.names.dead;
    // Twice the same letter: what a crash between publish and ack leaves.
    for _ in 0..2 {
        let body = br#"{"requestId": "r-1", "submissionId": "s-1"}"#;
        scene.wire.publish_with("", dead, body, buried(&scene)).await;
    }
    scene.wire.publish(dead, b"not answered").await;
    let mut pass = broker.dead_pass().await.expect("nobody else looks");
    let mut replayed = Vec::new();
    while let Some(letter) = pass.next().await.expect("the broker is up") {
        replayed.push(pass.replay(&letter).await.expect("a confirm"));
    }
    pass.finish().await.expect("the broker is up");
    let [Replayed::AsNewRequest(id), again, Replayed::AsItWas] = replayed.as_slice() else {
        panic!("{replayed:?}")
    };
    assert_eq!(*again, Replayed::AsNewRequest(id.clone()));
    scene.until_ready(&broker, dead, 0).await;
    let sent = scene.wire.get(&scene.config.names.submissions).await;
    assert_eq!(sent.body, b"not answered");
    for _ in 0..2 {
        let sent = scene.wire.get(&scene.config.names.rejudge).await;
        let body = format!(r#"{{"requestId": "{id}", "submissionId": "s-1"}}"#);
        assert_eq!(String::from_utf8_lossy(&sent.body), body);
        assert_eq!(sent.text(REPLAY_OF).as_deref(), Some("r-1"));
        assert_eq!(sent.text("traceparent").as_deref(), Some("00-trace-span-01"));
        for gone in [REASON, DETAIL, CAUSE, QUEUE, ATTEMPT] {
            assert!(!sent.has(gone), "{gone}");
        }
        let message_id = sent.properties.message_id().as_ref().map(ToString::to_string);
        assert_eq!(message_id.as_ref(), Some(id));
    }
}

async fn a_letter_that_cannot_be_replayed_stays_dead(scene: Scene) {
    let broker = scene.broker().await;
    let dead = &scene.config.names.dead;
    scene.wire.publish_with("", dead, b"{}", buried(&scene)).await;
    scene.wire.delete_queue(&scene.config.names.rejudge).await;
    let mut pass = broker.dead_pass().await.expect("nobody else looks");
    let letter = pass.next().await.expect("the broker is up").expect("a letter");
    let refused = pass.replay(&letter).await;
    assert!(matches!(refused, Err(PublishError::Unroutable { .. })), "{refused:?}");
    pass.finish().await.expect("the broker is up");
    let kept = scene.wire.get(dead).await;
    assert_eq!(kept.text(REASON).as_deref(), Some("retries_exhausted"));
}

async fn a_job_that_cannot_be_moved_goes_back_to_its_queue(scene: Scene) {
    let mut source = scene.broker().await.consume();
    scene.wire.delete_queue(&scene.config.names.dead).await;
    scene.wire.delete_queue(&scene.config.names.retry).await;
    scene.enqueue(&["{}"]).await;
    let poison = || Disposition::Dead { reason: DeadReason::Poison, detail: String::new() };
    let retry = || Disposition::Retry { cause: String::new(), delay: Duration::ZERO };
    assert_eq!(settle(next(&mut source).await, poison()).await, Settled::Requeued);
    assert_eq!(settle(next(&mut source).await, retry()).await, Settled::Requeued);
    assert_eq!(settle(next(&mut source).await, Disposition::Ack).await, Settled::Done);
}

fn verdict(request_id: &str) -> VerdictEnvelope {
    VerdictEnvelope {
        room_id: Some("room7".into()),
        submission_id: "s1".into(),
        request_id: request_id.into(),
        reply_to: None,
        correlation_id: None,
        traceparent: None,
        payload: b"{\"type\":\"verdict\"}".to_vec(),
    }
}

async fn a_verdict_reaches_its_room_and_its_sender(scene: Scene) {
    let broker = scene.broker().await;
    let events = &scene.config.names.events;
    let (room, sender) = (format!("{events}.room"), format!("{events}.sender"));
    scene.wire.declare_queue(&room).await;
    scene.wire.declare_queue(&sender).await;
    scene.wire.bind(&room, events, "*.room7.*").await;
    let publisher = Publisher::new(&broker, events);
    publisher.publish_progress(ProgressEnvelope {
        room_id: Some("room7".into()),
        submission_id: "s1".into(),
        request_id: "r1".into(),
        payload: b"{\"type\":\"progress\"}".to_vec(),
    });
    let progress = scene.wire.get(&room).await;
    assert_eq!(progress.routing_key, "progress.room7.s1");
    assert_eq!(progress.body, b"{\"type\":\"progress\"}");
    assert_eq!(*progress.properties.delivery_mode(), Some(1));

    let mut envelope = verdict("r1");
    envelope.reply_to = Some(sender.clone());
    envelope.correlation_id = Some("c1".into());
    envelope.traceparent = Some("00-trace-span-01".into());
    publisher.publish_verdict(&envelope).await.expect("a confirm");
    for (queue, key) in [(&room, "verdict.room7.s1"), (&sender, sender.as_str())] {
        let event = scene.wire.get(queue).await;
        let short =
            |text: &Option<lapin::types::ShortString>| text.as_ref().map(ToString::to_string);
        assert_eq!(event.routing_key, key);
        assert_eq!(event.body, envelope.payload);
        assert_eq!(*event.properties.delivery_mode(), Some(2));
        assert_eq!(short(event.properties.message_id()).as_deref(), Some("r1"));
        assert_eq!(short(event.properties.correlation_id()).as_deref(), Some("c1"));
        assert_eq!(short(event.properties.content_type()).as_deref(), Some("application/json"));
        assert_eq!(short(event.properties.kind()).as_deref(), Some("verdict"));
        assert_eq!(event.text("traceparent").as_deref(), Some("00-trace-span-01"));
    }
    envelope.reply_to = Some("gone".into());
    publisher.publish_verdict(&envelope).await.expect("a sender who left is no failure");
    assert_eq!(publisher.progress_dropped(), 0);
}

async fn a_verdict_is_not_ok_while_the_broker_is_away(scene: Scene) {
    let mut config = scene.config.clone();
    config.confirm_timeout = Duration::from_millis(200);
    config.url = "amqp://guest:guest@127.0.0.1:1".into();
    let broker = Broker::connect(&config).expect("usable settings");
    let publisher = Publisher::new(&broker, &config.names.events);
    let refused = publisher.publish_verdict(&verdict("r1")).await;
    refused.expect_err("nobody is there to confirm");
}

async fn prefetch_bounds_what_is_unsettled(scene: Scene) {
    let mut config = scene.config.clone();
    config.prefetch = NonZeroU16::new(2).expect("not zero");
    let broker = connected(&config).await;
    let submissions = &config.names.submissions;
    scene.enqueue(&["1", "2", "3", "4", "5", "6"]).await;
    let mut source = broker.consume();
    scene.until_ready(&broker, submissions, 4).await;
    let in_hand = [next(&mut source).await, next(&mut source).await];
    assert_eq!(broker.depth(submissions).await.expect("a depth").ready, 4);
    // Those in hand still count for the old number.
    source.set_prefetch(NonZeroU16::new(3).expect("not zero"));
    scene.until_ready(&broker, submissions, 1).await;
    for delivery in in_hand {
        assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
    }
    for body in ["3", "4", "5", "6"] {
        let delivery = next(&mut source).await;
        assert_eq!(text(&delivery), body);
        assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
    }
}

async fn two_workers_share_the_work(scene: Scene) {
    let mut sources = [scene.broker().await.consume(), scene.broker().await.consume()];
    let bodies: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let expected: BTreeSet<String> = bodies.iter().cloned().collect();
    scene.enqueue(&bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    // Each holds one of them, so neither can have it all.
    let [first, second] = &mut sources;
    let mut in_hand = vec![next(first).await, next(second).await];
    let mut judged = BTreeSet::new();
    while let Some(delivery) = in_hand.pop() {
        assert!(judged.insert(text(&delivery).to_owned()), "one delivery each");
        assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
        if judged.len() + in_hand.len() < expected.len() {
            let [first, second] = &mut sources;
            in_hand.push(tokio::select! {
                delivery = next(first) => delivery,
                delivery = next(second) => delivery,
            });
        }
    }
    assert_eq!(judged, expected);
}

async fn bulk_work_waits_for_live_work(scene: Scene) {
    let mut config = scene.config.clone();
    // Longer than the broker takes from an ack to the next delivery, on a busy machine too.
    config.bulk_poll = Duration::from_secs(3);
    let broker = connected(&config).await;
    for _ in 0..3 {
        scene.wire.publish(&config.names.rejudge, b"bulk").await;
        scene.wire.publish(&config.names.submissions, b"live").await;
    }
    let mut source = broker.consume();
    let mut order = Vec::new();
    for _ in 0..6 {
        let delivery = next(&mut source).await;
        order.push(text(&delivery).to_owned());
        assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
    }
    assert_eq!(order, ["live", "live", "live", "bulk", "bulk", "bulk"]);
}

async fn a_drain_gives_back_what_was_not_handed_out(scene: Scene) {
    let mut config = scene.config.clone();
    config.prefetch = NonZeroU16::new(3).expect("not zero");
    let broker = connected(&config).await;
    let submissions = &config.names.submissions;
    scene.enqueue(&["1", "2", "3", "4"]).await;
    let mut source = broker.consume();
    let in_hand = next(&mut source).await;
    scene.until_ready(&broker, submissions, 1).await;
    source.stop_consuming().await;
    assert!(source.next().await.is_none());
    scene.until_ready(&broker, submissions, 3).await;
    assert_eq!(settle(in_hand, Disposition::Ack).await, Settled::Done);
    broker.close().await;
    let observer = scene.broker().await;
    assert_eq!(observer.depth(submissions).await.expect("a depth").ready, 3);
}

async fn commands_reach_every_worker_and_bad_ones_nobody(scene: Scene) {
    let (first, second) = (scene.broker().await, scene.broker().await);
    let mut workers = [first.commands(), second.commands()];
    let control = &scene.config.names.control;
    // Until both listen, a command finds nobody.
    until("both workers listen", async || {
        scene.node.ctl(&["list_bindings", "source_name"]).lines().filter(|l| l == control).count()
            == 2
    })
    .await;
    let drain = br#"{"type":"drain"}"#.as_slice();
    let cancel = br#"{"type":"cancel","submissionId":"s1"}"#.as_slice();
    for body in [cancel, b"not a command", drain] {
        scene.wire.publish_with(control, "", body, BasicProperties::default()).await;
    }
    for commands in &mut workers {
        let mut next = async || timeout(PATIENCE, commands.recv()).await.expect("in time");
        assert_eq!(next().await, Some(Command::Cancel(Target::Submission("s1".into()))));
        assert_eq!(next().await, Some(Command::Drain));
    }
}
