//! Looking at what nobody could judge, and sending it on.

use std::time::Duration;

use judge_worker::intake::amqp::{
    ATTEMPT, BrokerError, CAUSE, DETAIL, PublishError, QUEUE, REASON, REPLAY_OF, Replayed,
};
use judge_worker::intake::{DeadReason, Disposition, Settled, settle};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};

use super::wire::header;
use super::{Scene, next};

/// More than a map of Erlang keeps in order.
const LETTERS: u32 = 70;

async fn bury(scene: &Scene, letters: u32) {
    for letter in 1..=letters {
        scene.wire.publish(&scene.config.names.dead, letter.to_string().as_bytes()).await;
    }
}

pub async fn a_pass_over_the_dead_letters_changes_neither_order_nor_number(scene: Scene) {
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

pub async fn two_passes_at_one_time_do_not_mix(scene: Scene) {
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

pub async fn a_replay_reaches_its_queue_afresh(scene: Scene) {
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

pub async fn a_letter_that_cannot_be_replayed_stays_dead(scene: Scene) {
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

pub async fn a_job_that_cannot_be_moved_goes_back_to_its_queue(scene: Scene) {
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
