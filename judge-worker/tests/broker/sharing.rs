//! Several workers, lanes, and what they are told.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::time::Duration;

use judge_worker::intake::amqp::{Command, Target};
use judge_worker::intake::{Disposition, Settled, settle};
use lapin::BasicProperties;
use tokio::time::timeout;

use super::wire::{PATIENCE, until};
use super::{Scene, connected, next, text};

pub async fn prefetch_bounds_what_is_unsettled(scene: Scene) {
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

pub async fn two_workers_share_the_work(scene: Scene) {
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

pub async fn bulk_work_waits_for_live_work(scene: Scene) {
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

pub async fn a_drain_gives_back_what_was_not_handed_out(scene: Scene) {
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

pub async fn commands_reach_every_worker_and_bad_ones_nobody(scene: Scene) {
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
