//! From the queue into a hand, and back.

use std::time::{Duration, Instant};

use judge_worker::intake::amqp::{ATTEMPT, CAUSE, DELIVERIES, DETAIL, Names, QUEUE, REASON};
use judge_worker::intake::{DeadReason, Disposition, Lane, Settled, settle};
use lapin::BasicProperties;
use tokio::time::timeout;

use super::wire::{PATIENCE, until};
use super::{Scene, assert_has_facts, connected, facts, next, text};

pub async fn an_acked_submission_arrived_with_its_facts_and_is_gone(scene: Scene) {
    let broker = scene.broker().await;
    let mut source = broker.consume();
    let submissions = scene.config.names.submissions.clone();
    scene.wire.publish_with("", &submissions, b"{\"a\":1}", facts()).await;
    let delivery = next(&mut source).await;
    assert_eq!(text(&delivery), "{\"a\":1}");
    assert_eq!((delivery.lane, delivery.redelivered), (Lane::Live, false));
    assert_eq!((delivery.delivery_count, delivery.attempt), (0, 0));
    assert_has_facts(&delivery);
    assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
    // Only what was not acked would be ready again after a close.
    broker.close().await;
    assert_eq!(scene.broker().await.depth(&submissions).await.expect("a depth").ready, 0);
}

pub async fn what_is_in_hand_comes_again_when_the_connection_is_cut(scene: Scene) {
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

pub async fn a_consumer_comes_back_when_its_queue_was_deleted(scene: Scene) {
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

pub async fn a_delivery_that_is_dropped_unsettled_goes_back(scene: Scene) {
    let mut source = scene.broker().await.consume();
    scene.enqueue(&["{}"]).await;
    drop(next(&mut source).await);
    let again = next(&mut source).await;
    assert_eq!(again.delivery_count, 1);
    assert_eq!(settle(again, Disposition::Ack).await, Settled::Done);
}

pub async fn a_retried_job_returns_to_its_lane_with_its_cause_not_before_its_delay(scene: Scene) {
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

pub async fn an_oversized_job_is_not_shown_and_dies_whole(scene: Scene) {
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

pub async fn a_job_given_back_too_often_is_dead_lettered_by_the_broker(scene: Scene) {
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
