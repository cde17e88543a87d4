//! Commands to every worker, from the fanout exchange `judge.control`.

use futures_util::StreamExt;
use lapin::{
    options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use tokio::sync::mpsc;
use tracing::warn;

use super::{
    backoff::Backoff,
    broker::{Broker, BrokerError, in_one_line},
    message::short,
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
    let session = broker.session().await.ok_or(BrokerError::Down)?;
    let channel = broker.channel(&session.consuming).await?;
    // Nobody's but ours, and gone with us: the broker chooses its name.
    let options = QueueDeclareOptions::exclusive().auto_delete();
    let declare = channel.queue_declare(short(""), options, FieldTable::default());
    let queue = broker.within("a command queue", declare).await?.name().clone();
    let bind = channel.queue_bind(
        queue.clone(),
        short(&broker.config().names.control),
        short(""),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    broker.within("commands from the control exchange", bind).await?;
    let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..Default::default() };
    let consume = channel.basic_consume(queue, short(""), options, FieldTable::default());
    let mut messages = broker.within("a command consumer", consume).await?;
    backoff.reset();
    loop {
        let message = tokio::select! {
            message = messages.next() => message.ok_or(BrokerError::Cancelled)?,
            () = broker.gone(&channel, &session) => return Err(BrokerError::Down),
        };
        let message =
            message.map_err(|source| BrokerError::Request { request: "a command", source })?;
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
