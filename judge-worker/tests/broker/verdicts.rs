//! What is published.

use std::time::Duration;

use judge_worker::intake::amqp::Broker;
use judge_worker::outbox::{ProgressEnvelope, Publisher, VerdictEnvelope};

use super::Scene;

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

pub async fn a_verdict_reaches_its_room_and_its_sender(scene: Scene) {
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

pub async fn a_verdict_is_not_ok_while_the_broker_is_away(scene: Scene) {
    let mut config = scene.config.clone();
    config.confirm_timeout = Duration::from_millis(200);
    config.url = "amqp://guest:guest@127.0.0.1:1".into();
    let broker = Broker::connect(&config).expect("usable settings");
    let publisher = Publisher::new(&broker, &config.names.events);
    let refused = publisher.publish_verdict(&verdict("r1")).await;
    refused.expect_err("nobody is there to confirm");
}
