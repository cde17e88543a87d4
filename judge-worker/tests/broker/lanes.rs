//! One user's many submissions, and everybody else's.

use std::num::NonZeroU16;
use std::time::Duration;

use judge_worker::intake::amqp::{AmqpSource, BrokerConfig, DELIVERIES, QUEUE};
use judge_worker::intake::{DeadReason, Delivery, Disposition, Lane, Settled, settle};
use judge_worker::message::Submitter;
use lapin::BasicProperties;
use tokio::time::timeout;

use super::wire::PATIENCE;
use super::{Scene, assert_has_facts, connected, facts, next, text};

/// More than the two that tests need, so that both have their own.
const LANES: u16 = 4;

/// As a worker with one slot has them: one more is read ahead.
const PLACES: u16 = 2;

impl Scene {
    fn with_lanes(&self) -> BrokerConfig {
        let prefetch = NonZeroU16::new(PLACES).expect("not zero");
        BrokerConfig { lanes: LANES, prefetch, ..self.config.clone() }
    }

    async fn submit(&self, user: &str, numbers: impl Iterator<Item = usize>) {
        for number in numbers {
            self.enqueue(&[&body(user, number)]).await;
        }
    }
}

fn body(user: &str, number: usize) -> String {
    format!(r#"{{"userId":"{user}","number":{number}}}"#)
}

fn lane_of(user: &str) -> u16 {
    Submitter::of_body(body(user, 0).as_bytes()).lane(LANES).expect("there are lanes")
}

/// Somebody who shares no lane with anna.
fn ben() -> String {
    let mut names = (0..).map(|number| format!("ben-{number}"));
    names.find(|name| lane_of(name) != lane_of("anna")).expect("one of infinitely many")
}

/// Takes all that comes, one after the other, as a worker does that has one slot and reads ahead.
async fn judge_all(source: &mut AmqpSource, count: usize) -> Vec<String> {
    let (mut order, mut in_hand) = (Vec::new(), std::collections::VecDeque::<Delivery>::new());
    while order.len() < count {
        while in_hand.len() < PLACES.into() && order.len() + in_hand.len() < count {
            in_hand.push_back(next(source).await);
        }
        let judged = in_hand.pop_front().expect("there are more");
        order.push(text(&judged).to_owned());
        assert_eq!(settle(judged, Disposition::Ack).await, Settled::Done);
    }
    order
}

/// How many of anna's are judged before a submission.
fn before(order: &[String], submission: &str) -> usize {
    let place = order.iter().position(|judged| judged == submission).expect("it is judged");
    order[..place].iter().filter(|judged| judged.contains("anna")).count()
}

pub async fn many_of_one_user_delay_nobody_by_more_than_there_are_places(scene: Scene) {
    let config = scene.with_lanes();
    let (broker, ben) = (connected(&config).await, ben());
    scene.submit("anna", 1..=100).await;
    scene.submit(&ben, 1..=3).await;
    let mut order = judge_all(&mut broker.consume(), 103).await;
    assert!(before(&order, &body(&ben, 1)) <= usize::from(PLACES), "{order:?}");
    // From then on they have turns.
    assert!(before(&order, &body(&ben, 3)) <= usize::from(PLACES) + 3, "{order:?}");
    order.sort();
    order.dedup();
    assert_eq!(order.len(), 103, "each is judged once");
}

pub async fn without_lanes_everybody_waits_for_one_user(scene: Scene) {
    let config = BrokerConfig { lanes: 0, ..scene.with_lanes() };
    let broker = connected(&config).await;
    scene.submit("anna", 1..=20).await;
    scene.submit("ben", 1..=1).await;
    let order = judge_all(&mut broker.consume(), 21).await;
    assert_eq!(before(&order, &body("ben", 1)), 20);
}

pub async fn neither_lanes_nor_direct_work_starves_and_bulk_waits_for_both(scene: Scene) {
    let config = BrokerConfig { bulk_poll: Duration::from_secs(3), ..scene.with_lanes() };
    let broker = connected(&config).await;
    scene.wire.publish(&config.names.rejudge, b"bulk").await;
    scene.submit("anna", 1..=20).await;
    let mut source = broker.consume();
    let mut in_hand = next(&mut source).await;
    let (mut order, mut sent) = (Vec::new(), 0);
    while order.len() < 41 {
        // There is always somebody new.
        if sent < 20 {
            sent += 1;
            scene.submit(&format!("new-{sent}"), 0..1).await;
        }
        let judged = std::mem::replace(&mut in_hand, next(&mut source).await);
        order.push(text(&judged).to_owned());
        assert_eq!(settle(judged, Disposition::Ack).await, Settled::Done);
        if order.len() == 40 {
            break;
        }
    }
    assert_eq!(text(&in_hand), "bulk", "{order:?}");
    assert_eq!(settle(in_hand, Disposition::Ack).await, Settled::Done);
    for place in 1..=20 {
        let new = order.iter().position(|judged| judged.contains(&format!("new-{place}\"")));
        assert!(before(&order, &body(&format!("new-{place}"), 0)) <= place + 3, "{order:?}");
        assert!(new.is_some_and(|new| new <= 2 * place + 3), "{order:?}");
    }
}

pub async fn what_was_parked_has_its_facts_and_its_home(scene: Scene) {
    let config = scene.with_lanes();
    let broker = connected(&config).await;
    let mut source = broker.consume();
    let mut in_hand = Vec::new();
    for number in 1..=2 {
        scene.submit("anna", number..=number).await;
        in_hand.push(next(&mut source).await);
    }
    let submissions = &config.names.submissions;
    let third = body("anna", 3);
    scene.wire.publish_with("", submissions, third.as_bytes(), facts()).await;
    scene.until_ready(&broker, &config.names.lane(lane_of("anna")), 1).await;
    for delivery in in_hand {
        assert_eq!(delivery.lane, Lane::Live);
        assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
    }
    // A lane counts, as any queue does.
    let given_back = next(&mut source).await;
    assert_eq!((given_back.lane, given_back.delivery_count), (Lane::Parked, 0));
    assert_eq!(settle(given_back, Disposition::Requeue).await, Settled::Done);
    // Nobody is told of what comes back; there are others to tell.
    scene.hint(lane_of("anna")).await;
    let parked = next(&mut source).await;
    assert_eq!((text(&parked), parked.lane), (third.as_str(), Lane::Parked));
    assert_eq!((parked.delivery_count, parked.deliveries(), parked.attempt), (1, 2, 0));
    assert_has_facts(&parked);
    let retry = Disposition::Retry { cause: "no database".into(), delay: Duration::ZERO };
    assert_eq!(settle(parked, retry).await, Settled::Done);
    // Nothing else of its user waits by now.
    let again = next(&mut source).await;
    assert_eq!((again.lane, again.attempt, again.delivery_count), (Lane::Live, 1, 0));
    assert_eq!(settle(again, Disposition::Ack).await, Settled::Done);

    scene.wire.publish(&config.names.lane(0), b"poison").await;
    scene.hint(0).await;
    let poison = next(&mut source).await;
    let dispose = Disposition::Dead { reason: DeadReason::Poison, detail: String::new() };
    assert_eq!(settle(poison, dispose).await, Settled::Done);
    let died = scene.wire.get(&config.names.dead).await;
    assert_eq!(died.text(QUEUE).as_ref(), Some(submissions));
    assert_eq!(died.integer(DELIVERIES), Some(1));
}

impl Scene {
    /// Tells of a lane as another worker does.
    async fn hint(&self, lane: u16) {
        let body = format!(r#"{{"lanes":[{lane}]}}"#);
        let properties = BasicProperties::default();
        let lanes = &self.config.names.lane;
        // Until the worker listens, a hint finds nobody.
        super::wire::until("the worker listens", async || {
            let bindings = self.node.ctl(&["list_bindings", "source_name"]);
            bindings.lines().any(|line| line == lanes)
        })
        .await;
        self.wire.publish_with(lanes, "", body.as_bytes(), properties).await;
    }
}

pub async fn a_delivery_count_survives_the_way_into_a_lane(scene: Scene) {
    let config = scene.with_lanes();
    // A worker without lanes gives all of them back, twice.
    let three = NonZeroU16::new(3).expect("not zero");
    let without = BrokerConfig { lanes: 0, prefetch: three, ..config.clone() };
    let mut first = connected(&without).await.consume();
    scene.submit("anna", 1..=3).await;
    for _ in 0..2 {
        for delivery in [next(&mut first).await, next(&mut first).await, next(&mut first).await] {
            assert_eq!(settle(delivery, Disposition::Requeue).await, Settled::Done);
        }
    }
    first.stop_consuming().await;
    let broker = connected(&config).await;
    let mut source = broker.consume();
    let in_hand = [next(&mut source).await, next(&mut source).await];
    // Behind both places, the third waits in the lane.
    scene.until_ready(&broker, &config.names.lane(lane_of("anna")), 1).await;
    for delivery in in_hand {
        assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
    }
    let parked = next(&mut source).await;
    assert_eq!(parked.lane, Lane::Parked);
    assert!(2 <= parked.delivery_count, "{parked:?}");
    assert_eq!(settle(parked, Disposition::Ack).await, Settled::Done);
}

pub async fn what_the_broker_gives_up_in_a_lane_belongs_to_the_live_queue(scene: Scene) {
    let config = BrokerConfig { delivery_limit: 1, ..scene.with_lanes() };
    let broker = connected(&config).await;
    // Every lane is looked at when a worker begins.
    scene.wire.publish(&config.names.lane(3), b"{}").await;
    let mut source = broker.consume();
    for count in 0..=1 {
        let delivery = next(&mut source).await;
        assert_eq!((delivery.lane, delivery.delivery_count), (Lane::Parked, count));
        assert_eq!(settle(delivery, Disposition::Requeue).await, Settled::Done);
        scene.hint(3).await;
    }
    let mut unanswered = broker.unanswered();
    let given_up = timeout(PATIENCE, unanswered.next()).await.expect("in time").expect("one");
    let dispose = Disposition::Dead { reason: DeadReason::DeliveryLimit, detail: String::new() };
    assert_eq!(settle(given_up, dispose).await, Settled::Done);
    let died = scene.wire.get(&config.names.dead).await;
    assert_eq!(died.text(QUEUE).as_ref(), Some(&config.names.submissions));
}

pub async fn who_parks_tells_the_others(scene: Scene) {
    let config = scene.with_lanes();
    let (first, second) = (connected(&config).await, connected(&config).await);
    scene.wire.declare_queue("hints").await;
    scene.wire.bind("hints", &config.names.lane, "").await;
    let mut source = first.consume();
    scene.submit("anna", 1..=3).await;
    let in_hand = [next(&mut source).await, next(&mut source).await];
    let hint = scene.wire.get("hints").await;
    assert_eq!(hint.body, format!(r#"{{"lanes":[{}]}}"#, lane_of("anna")).as_bytes());
    // The other one has places, and is not behind the first.
    let third = next(&mut second.consume()).await;
    assert_eq!(text(&third), body("anna", 3));
    for delivery in in_hand.into_iter().chain([third]) {
        assert_eq!(settle(delivery, Disposition::Ack).await, Settled::Done);
    }
}

pub async fn without_its_lane_a_job_waits_where_it_is(scene: Scene) {
    let config = scene.with_lanes();
    let mut source = connected(&config).await.consume();
    scene.wire.delete_queue(&config.names.lane(lane_of("anna"))).await;
    scene.submit("anna", 1..=6).await;
    let mut order = judge_all(&mut source, 6).await;
    order.sort();
    assert_eq!(order, (1..=6).map(|n| body("anna", n)).collect::<Vec<_>>());
}
