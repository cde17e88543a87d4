//! Submissions from stdin, one JSON message a line, with the manners of a queue: what is given
//! back comes again, and the source ends only when everything from it is settled.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader},
    sync::{Notify, mpsc},
    time::{Instant, sleep_until},
};
use tracing::{error, warn};

use super::{Delivery, Disposition, Lane, Settled, TooLarge, settle::Ticket};

/// Lines as deliveries.
pub struct StdioSource {
    lines: mpsc::Receiver<Line>,
    over: bool,
    shared: Arc<Shared>,
}

/// What the source and the receipts of its deliveries share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Deliveries handed out and not settled.
    in_hand: usize,
    /// Given back, to be handed out again; never more than were in hand.
    returned: VecDeque<Returned>,
    stopped: bool,
}

#[derive(Debug)]
struct Returned {
    due: Instant,
    line: Line,
    delivery_count: u32,
    attempt: u32,
    enqueued_at: Option<SystemTime>,
}

/// One line without its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    body: Vec<u8>,
    oversized: Option<TooLarge>,
}

impl StdioSource {
    /// Reads this process's stdin, on a thread that can't be interrupted: leave the runtime with
    /// `shutdown_background`, or a terminal keeps the process until its next line. A line has at most `max_line_bytes` bytes, its end not counted.
    pub fn stdin(max_line_bytes: usize) -> Self {
        Self::new(tokio::io::stdin(), max_line_bytes)
    }

    /// Reads any stream. Must be called within a tokio runtime.
    pub fn new(reader: impl AsyncRead + Send + Unpin + 'static, max_line_bytes: usize) -> Self {
        let (tx, lines) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut reader = BufReader::new(reader);
            loop {
                match read_line(&mut reader, max_line_bytes).await {
                    Ok(Some(line)) if line.body.is_empty() && line.oversized.is_none() => {}
                    Ok(Some(line)) => match tx.send(line).await {
                        Ok(()) => {}
                        Err(_) => return,
                    },
                    Ok(None) => return,
                    Err(e) => return error!(error = %e, "cannot read stdin; taking it as its end"),
                }
            }
        });
        Self { lines, over: false, shared: Arc::default() }
    }

    /// The next line, or one that was given back and is due. `None` when stdin is over and every
    /// delivery is settled, or after [`StdioSource::stop_consuming`]. Safe to cancel.
    pub async fn next(&mut self) -> Option<Delivery> {
        let shared = Arc::clone(&self.shared);
        loop {
            // Registered before looking, so that no change falls in between.
            let changed = shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let next_due = {
                let mut state = shared.lock();
                if state.stopped {
                    return None;
                }
                if let Some(returned) = state.take_due(Instant::now()) {
                    state.in_hand += 1;
                    return Some(self.delivery(returned));
                }
                if self.over && state.in_hand == 0 && state.returned.is_empty() {
                    return None;
                }
                state.next_due()
            };
            tokio::select! {
                line = self.lines.recv(), if !self.over => match line {
                    Some(line) => {
                        shared.lock().in_hand += 1;
                        return Some(self.delivery(Returned::first(line)));
                    }
                    None => self.over = true,
                },
                () = changed => {}
                () = sleep_until(next_due.unwrap_or_else(Instant::now)), if next_due.is_some() => {}
            }
        }
    }

    /// Hands out no more. Lines not handed out are lost to us: their writer sees a closed pipe.
    pub fn stop_consuming(&mut self) {
        self.lines.close();
        self.shared.lock().stopped = true;
        self.shared.changed.notify_waiters();
    }

    fn delivery(&self, item: Returned) -> Delivery {
        let receipt = Receipt { shared: Arc::clone(&self.shared) };
        Delivery {
            lane: Lane::Live,
            delivery_count: item.delivery_count,
            attempt: item.attempt,
            redelivered: item.delivery_count > 0,
            reply_to: None,
            correlation_id: None,
            message_id: None,
            traceparent: None,
            enqueued_at: item.enqueued_at,
            body: item.line.body,
            oversized: item.line.oversized,
            ticket: Ticket::stdio(receipt),
        }
    }
}

/// What it takes to settle a line.
#[derive(Debug)]
pub(super) struct Receipt {
    shared: Arc<Shared>,
}

impl Receipt {
    pub(super) fn settle(self, delivery: Delivery, disposition: Disposition) -> Settled {
        let again = match disposition {
            Disposition::Ack => None,
            Disposition::Requeue => Some((Duration::ZERO, delivery.attempt)),
            Disposition::Retry { cause, delay } => {
                warn!(cause, ?delay, "a submission from stdin will be retried");
                Some((delay, delivery.attempt.saturating_add(1)))
            }
            Disposition::Dead { reason, detail } => {
                // There is no dead queue behind stdin: the log is all that keeps it.
                warn!(reason = reason.as_label(), detail, "a submission from stdin is dead");
                None
            }
        };
        let mut state = self.shared.lock();
        state.in_hand = state.in_hand.saturating_sub(1);
        let settled = match again {
            Some(_) if state.stopped => {
                error!("a submission from stdin was given back after the end; it is lost");
                Settled::Lost
            }
            Some((delay, attempt)) => {
                state.returned.push_back(Returned {
                    due: Instant::now() + delay,
                    line: Line { body: delivery.body, oversized: delivery.oversized },
                    delivery_count: delivery.delivery_count.saturating_add(1),
                    attempt,
                    enqueued_at: delivery.enqueued_at,
                });
                Settled::Done
            }
            None => Settled::Done,
        };
        drop(state);
        self.shared.changed.notify_waiters();
        settled
    }

    /// Its delivery is gone, and nothing can bring the line back.
    pub(super) fn abandon(self) {
        let mut state = self.shared.lock();
        state.in_hand = state.in_hand.saturating_sub(1);
        drop(state);
        self.shared.changed.notify_waiters();
    }
}

impl Shared {
    /// Nothing panics while it holds the lock halfway through a change.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_due(&mut self, now: Instant) -> Option<Returned> {
        let due = self.returned.iter().position(|returned| returned.due <= now)?;
        self.returned.remove(due)
    }

    fn next_due(&self) -> Option<Instant> {
        self.returned.iter().map(|returned| returned.due).min()
    }
}

impl Returned {
    fn first(line: Line) -> Self {
        Self {
            due: Instant::now(),
            line,
            delivery_count: 0,
            attempt: 0,
            enqueued_at: Some(SystemTime::now()),
        }
    }
}

/// Reads up to the next line feed or the end; `None` at the end. Of a line over the bound nothing
/// is kept but its length, and the next one starts behind its line feed.
async fn read_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    limit: usize,
) -> io::Result<Option<Line>> {
    let mut body = Vec::new();
    let mut bytes = 0;
    loop {
        let chunk = reader.fill_buf().await?;
        if chunk.is_empty() && bytes == 0 {
            return Ok(None);
        }
        let end = chunk.iter().position(|&byte| byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        bytes += part.len();
        // One more than the limit is kept, for a carriage return that is not part of the line.
        let room = limit.saturating_add(1).saturating_sub(body.len());
        body.extend_from_slice(&part[..part.len().min(room)]);
        let is_over = end.is_some() || chunk.is_empty();
        let consumed = end.map_or(chunk.len(), |end| end + 1);
        reader.consume(consumed);
        if is_over {
            break;
        }
    }
    if bytes <= limit.saturating_add(1) && body.last() == Some(&b'\r') {
        body.pop();
        bytes -= 1;
    }
    if bytes <= limit {
        return Ok(Some(Line { body, oversized: None }));
    }
    Ok(Some(Line { body: Vec::new(), oversized: Some(TooLarge { bytes, limit }) }))
}
