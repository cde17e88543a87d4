//! Commands to every worker, from the fanout exchange `judge.control`.

use tokio::sync::mpsc;
use tracing::warn;

use super::{
    backoff::Backoff,
    broker::{Broker, BrokerError, in_one_line},
    pushed::Pushed,
};
use crate::message::control::Command;

/// Commands that wait for the worker; more than these are dropped.
const MAX_WAITING: usize = 64;

impl Broker {
    /// Listens for commands, over every reconnect; what is sent while we are away is missed.
    /// Ends when the broker is closed or the receiver dropped.
    pub fn commands(&self) -> mpsc::Receiver<Command> {
        let (tx, rx) = mpsc::channel(MAX_WAITING);
        let broker = self.clone();
        tokio::spawn(async move {
            let shutdown = broker.shutdown();
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tx.closed() => {}
                () = listen(&broker, &tx) => {}
            }
        });
        rx
    }
}

async fn listen(broker: &Broker, commands: &mpsc::Sender<Command>) {
    let mut backoff = Backoff::new(broker.config().max_backoff);
    loop {
        if let Err(e) = listen_once(broker, commands, &mut backoff).await {
            warn!(error = in_one_line(&e), "not listening for commands; will retry");
        }
        backoff.pause().await;
    }
}

async fn listen_once(
    broker: &Broker,
    commands: &mpsc::Sender<Command>,
    backoff: &mut Backoff,
) -> Result<(), BrokerError> {
    let mut messages = Pushed::of_fanout(broker, &broker.config().names.control).await?;
    backoff.reset();
    loop {
        let message = messages.next().await?;
        match Command::parse(&message.data) {
            Ok(command) => {
                if let Err(e) = commands.try_send(command) {
                    warn!(error = %e, "a command was dropped: too many wait already");
                }
            }
            Err(e) => warn!(error = in_one_line(&e), "a command was dropped"),
        }
    }
}
