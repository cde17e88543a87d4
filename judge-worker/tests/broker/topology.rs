//! What is declared, and what a worker makes of what others declared.

use judge_worker::intake::amqp::Names;
use judge_worker::intake::{Disposition, Settled, settle};

use super::{Scene, connected, down, next};

pub async fn the_topology_can_be_declared_by_any_number_of_workers(scene: Scene) {
    let (first, second) = (scene.broker().await, scene.broker().await);
    let Names { submissions, rejudge, retry, dead, .. } = &scene.config.names;
    for queue in [submissions, rejudge, retry, dead, &scene.config.names.unanswered()] {
        assert_eq!(second.depth(queue).await.expect("a queue").ready, 0, "{queue}");
    }
    first.close().await;
    second.close().await;
}

pub async fn without_the_configure_right_what_exists_is_used(scene: Scene) {
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

pub async fn without_the_configure_right_what_is_missing_is_named(scene: Scene) {
    scene.node.ctl(&["add_user", "stranger", "secret"]);
    scene.node.ctl(&["set_permissions", "stranger", "^$", ".*", ".*"]);
    let mut config = scene.config.clone();
    config.url = scene.node.url_as("stranger", "secret");
    let reason = down(&config).await;
    assert!(reason.contains(&config.names.dead), "{reason}");
    assert!(reason.contains("does not exist") && reason.contains("configure"), "{reason}");
    assert!(!reason.contains("secret"), "{reason}");
}

pub async fn a_queue_with_another_limit_is_used_as_it_is(scene: Scene) {
    let mut other = scene.config.clone();
    other.delivery_limit += 1;
    drop(connected(&other).await);
    let mut source = scene.broker().await.consume();
    scene.enqueue(&["{}"]).await;
    assert_eq!(settle(next(&mut source).await, Disposition::Ack).await, Settled::Done);
}

pub async fn a_retry_queue_that_would_strand_jobs_is_refused(scene: Scene) {
    scene.wire.declare_queue(&scene.config.names.retry).await;
    let reason = down(&scene.config).await;
    assert!(reason.contains("cannot do its work"), "{reason}");
    assert!(reason.contains(&scene.config.names.retry), "{reason}");
}
