//! Submissions from stdin: broken lines cost nobody else anything, and nothing ends early.

use std::time::Duration;

use judge_worker::intake::{DeadReason, Disposition, Settled, Source, StdioSource, settle};
use proptest::prelude::*;
use tokio::{
    io::{AsyncWriteExt, duplex},
    time::timeout,
};

const LIMIT: usize = 16;

fn source_of(input: Vec<u8>, chunk_bytes: usize) -> Source {
    let (mut ours, theirs) = duplex(chunk_bytes);
    tokio::spawn(async move {
        // Fails when the source was stopped, which some tests do.
        let _ = ours.write_all(&input).await;
    });
    Source::Stdio(StdioSource::new(theirs, LIMIT))
}

/// Each delivery's body, or the size of one over the bound.
async fn drain(source: &mut Source) -> Vec<Result<Vec<u8>, usize>> {
    let mut bodies = Vec::new();
    while let Some(delivery) = source.next().await {
        bodies.push(delivery.body().map(<[u8]>::to_vec).map_err(|too_large| too_large.bytes));
        assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
    }
    bodies
}

#[tokio::test]
async fn lines_arrive_in_order_whatever_is_in_them() {
    let input = b"{\"a\":1}\r\n\n\xff\xfe\n0123456789abcdef\nno line feed".to_vec();
    let expected = [&b"{\"a\":1}"[..], b"\xff\xfe", b"0123456789abcdef", b"no line feed"];
    let expected: Vec<_> = expected.into_iter().map(|body| Ok(body.to_vec())).collect();
    assert_eq!(drain(&mut source_of(input, 3)).await, expected);
}

#[tokio::test]
async fn a_line_over_the_bound_is_told_by_its_size_and_the_next_one_is_whole() {
    let input = [b"before\n".to_vec(), vec![b'x'; 100_000], b"\nafter\n".to_vec()].concat();
    let expected = [Ok(b"before".to_vec()), Err(100_000), Ok(b"after".to_vec())];
    assert_eq!(drain(&mut source_of(input, 1 << 10)).await, expected);
}

#[tokio::test]
async fn what_is_given_back_comes_again_after_the_end_of_the_input() {
    let mut source = source_of(b"job\n".to_vec(), 64);
    let first = source.next().await.expect("the line");
    assert_eq!((first.attempt, first.delivery_count, first.redelivered), (0, 0, false));
    let (cause, delay) = ("no database".into(), Duration::from_millis(50));
    assert_eq!(settle(first, Disposition::Retry { cause, delay }).await, Settled::Done);
    let second = source.next().await.expect("the line again");
    assert_eq!((second.attempt, second.delivery_count, second.redelivered), (1, 1, true));
    assert_eq!(settle(second, Disposition::Requeue).await, Settled::Done);
    let third = source.next().await.expect("the line again");
    assert_eq!((third.attempt, third.delivery_count), (1, 2));
    assert_eq!(third.body(), Ok(&b"job"[..]));
    let dead = Disposition::Dead { reason: DeadReason::Poison, detail: String::new() };
    assert_eq!(settle(third, dead).await, Settled::Done);
    assert!(source.next().await.is_none());
}

#[tokio::test]
async fn the_source_does_not_end_while_a_delivery_is_in_hand() {
    let mut source = source_of(b"job\n".to_vec(), 64);
    let in_hand = source.next().await.expect("the line");
    let early = timeout(Duration::from_millis(100), source.next()).await;
    assert!(early.is_err(), "the delivery may still be given back");
    assert_eq!(settle(in_hand, Disposition::Ack).await, Settled::Done);
    assert!(source.next().await.is_none());
}

#[tokio::test]
async fn a_delivery_dropped_unsettled_does_not_keep_the_source_waiting() {
    let mut source = source_of(b"job\n".to_vec(), 64);
    drop(source.next().await.expect("the line"));
    assert!(source.next().await.is_none());
}

#[tokio::test]
async fn after_a_stop_nothing_comes_and_giving_back_is_a_loss_that_is_told() {
    let mut source = source_of(b"1\n2\n3\n".to_vec(), 64);
    let in_hand = source.next().await.expect("a line");
    source.stop_consuming().await;
    assert!(source.next().await.is_none());
    assert_eq!(settle(in_hand, Disposition::Requeue).await, Settled::Lost);
}

proptest! {
    #[test]
    fn every_line_is_accounted_for_however_the_input_is_cut(
        lines in prop::collection::vec(prop::collection::vec(b'a'..=b'z', 0..3 * LIMIT), 0..20),
        chunk_bytes in 1_usize..40,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let bodies = runtime.block_on(async {
            drain(&mut source_of(lines.join(&b'\n'), chunk_bytes)).await
        });
        let expected: Vec<_> = lines
            .into_iter()
            .filter(|line| !line.is_empty())
            .map(|line| if line.len() <= LIMIT { Ok(line) } else { Err(line.len()) })
            .collect();
        prop_assert_eq!(bodies, expected);
    }
}
