//! Who parks something tells the others which lanes hold something now, over the fanout exchange
//! `judge.lane`.
//!
//! A hint may be lost, late or wrong: who asks a lane in vain stops believing in it, and all lanes are
//! looked at anyway after each connect and once in a while. So hints are neither persistent nor confirmed.

use std::time::Duration;

use lapin::{BasicProperties, Channel, options::BasicPublishOptions};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use tracing::warn;

use super::{
    backoff::Backoff,
    broker::{Broker, BrokerError, in_one_line},
    line::Line,
    message::short,
    pushed::Pushed,
};

/// From one hint to the next of this worker at least; what is parked meanwhile is told together.
const INTERVAL: Duration = Duration::from_millis(100);

/// A hint is a few dozen bytes. Larger ones aren't parsed.
const MAX_BYTES: usize = 4096;

/// What is told.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hint {
    /// The lanes that hold something, counted from 0.
    lanes: Vec<u16>,
}

/// Tells the others of what is parked here, until it is dropped.
pub(super) async fn announce(broker: Broker, line: Line) {
    let mut open: Option<Channel> = None;
    loop {
        let hint = Hint { lanes: line.to_announce().await };
        let channel = match open.take().filter(|channel| channel.status().connected()) {
            Some(channel) => Some(Ok(channel)),
            None => broker.unconfirmed_channel().await,
        };
        match channel {
            Some(Ok(channel)) => match tell(&broker, &channel, &hint).await {
                Ok(()) => open = Some(channel),
                Err(e) => warn!(error = in_one_line(&e), "other workers are not told of lanes"),
            },
            Some(Err(e)) => warn!(error = in_one_line(&e), "other workers are not told of lanes"),
            None => return,
        }
        sleep(INTERVAL).await;
    }
}

async fn tell(broker: &Broker, channel: &Channel, hint: &Hint) -> Result<(), BrokerError> {
    let body = serde_json::to_vec(hint).expect("numbers can be written as JSON");
    let publish = channel.basic_publish(
        short(&broker.config().names.lane),
        short(""),
        BasicPublishOptions::default(),
        &body,
        BasicProperties::default().with_content_type(short("application/json")),
    );
    broker.within("a hint", publish).await.map(drop)
}

/// Hears what others tell, over every reconnect, until it is dropped.
pub(super) async fn listen(broker: Broker, line: Line) {
    let mut backoff = Backoff::new(broker.config().max_backoff);
    loop {
        if let Err(e) = listen_once(&broker, &line, &mut backoff).await {
            warn!(error = in_one_line(&e), "not hearing which lanes hold something; will retry");
        }
        backoff.pause().await;
    }
}

async fn listen_once(
    broker: &Broker,
    line: &Line,
    backoff: &mut Backoff,
) -> Result<(), BrokerError> {
    let mut messages = Pushed::of_fanout(broker, &broker.config().names.lane).await?;
    backoff.reset();
    loop {
        let message = messages.next().await?;
        if let Some(hint) = parse(&message.data) {
            line.hold(&hint.lanes);
        } else {
            warn!("a message that is no hint was dropped");
        }
    }
}

fn parse(body: &[u8]) -> Option<Hint> {
    if MAX_BYTES < body.len() { None } else { serde_json::from_slice(body).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_lanes_and_later_versions_may_say_more() {
        let hint = Hint { lanes: vec![0, 15] };
        assert_eq!(parse(br#"{"lanes":[0,15],"since":"later versions"}"#), Some(hint));
        for wrong in ["{}", "[]", r#"{"lanes":[-1]}"#, r#"{"lanes":[65536]}"#] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
