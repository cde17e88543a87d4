//! Nothing lost, nothing doubled, whatever dies: real workers with real sandboxes, a real broker and
//! a real database, all of which are killed, stopped and cut off from each other by a schedule that
//! follows from a seed; then the books must balance (`books.rs`).
//!
//! ```text
//! publisher ──▶ RabbitMQ ◀── proxy ── worker, worker, worker ── proxy ──▶ MariaDB
//!  twice, in     killed        cut      killed, stopped at        cut      killed
//!  any order     restarted     silent   failpoints and anywhere   silent   restarted
//! ```
//!
//! `JUDGE_CHAOS_SEED` repeats a schedule (when what it does falls, the machine decides), and
//! `JUDGE_CHAOS_SUBMISSIONS` and `JUDGE_CHAOS_KILLS` make it longer: see `make chaos`.

mod books;
mod fleet;
#[path = "../support/mariadb.rs"]
mod mariadb;
mod proxy;
#[path = "../support/rabbit.rs"]
mod rabbit;
mod random;
mod scene;
#[path = "../support/serving.rs"]
mod serving;
#[path = "../support/wire.rs"]
mod wire;
mod work;

use std::time::{Instant, SystemTime};

use fleet::{Fleet, TICK};
use random::Random;
use scene::Scene;
use work::Request;

const WORKERS: usize = 3;

/// Submissions that are published and not judged: what is fetched, and what waits.
const IN_FLIGHT: usize = 12;

/// How much is to happen, at least.
struct Extent {
    submissions: usize,
    kills: usize,
    seed: u64,
}

impl Extent {
    fn of_environment() -> Self {
        let number = |name: &str| -> Option<u64> {
            let text = std::env::var(name).ok()?;
            Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text:?}")))
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let small = |number| usize::try_from(number).expect("a small number");
        Self {
            submissions: number("JUDGE_CHAOS_SUBMISSIONS").map_or(60, small),
            kills: number("JUDGE_CHAOS_KILLS").map_or(10, small),
            seed: number("JUDGE_CHAOS_SEED").unwrap_or(now.as_secs()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_dies_every_request_has_one_row_and_one_verdict() {
    let extent = Extent::of_environment();
    println!("JUDGE_CHAOS_SEED={}", extent.seed);
    let mut scene = Scene::open().await;
    let mut wires = Vec::new();
    for _ in 0..WORKERS {
        wires.push(scene.wires().await);
    }
    let seed = extent.seed;
    let (amqp, database) = (scene.amqp_password(), scene.database_url());
    let mut fleet = tokio::task::block_in_place(|| {
        Fleet::start(seed, wires, |broker, store| {
            let url = format!("amqp://{amqp}@127.0.0.1:{}/%2f?heartbeat=4", broker.port);
            vec![("JUDGE_AMQP_URL", url), ("JUDGE_DATABASE_URL", database(store.port))]
        })
    });
    scene.listen().await;
    let requests = rage(&extent, &mut scene, &mut fleet).await;
    println!("calming down after {} kills and {} stops", fleet.kills, fleet.stops);
    tokio::task::block_in_place(|| fleet.calm_down());
    scene.until_settled(&requests).await;
    let (kills, stops) = (fleet.kills, fleet.stops);
    tokio::task::block_in_place(|| fleet.finish());
    let balance = scene.books(requests).await.balance();
    println!("{kills} kills, {stops} stops, {:?}: {balance}", scene.restarts);
    assert!(extent.kills <= kills);
}

/// Publishes, and has everything fail, until enough was published and killed.
async fn rage(extent: &Extent, scene: &mut Scene, fleet: &mut Fleet) -> Vec<Request> {
    let mut random = Random::new(extent.seed, 2);
    let mut requests: Vec<Request> = Vec::new();
    fleet.failing = true;
    let mut next_blow = Instant::now();
    // About half of the blows kill somebody; in between there is time for some submissions.
    let longest_pause = 300 * (extent.submissions / extent.kills.max(1)).clamp(2, 40) as u64;
    while requests.len() < extent.submissions || fleet.kills < extent.kills {
        tokio::task::block_in_place(|| fleet.tend());
        // One that is published when nothing works is published until it is confirmed.
        let finished = scene.finished().await;
        while requests.len() < finished + IN_FLIGHT {
            let request = Request::draw(requests.len(), &mut random);
            scene.publish(&request, &mut random).await;
            requests.push(request);
        }
        if next_blow <= Instant::now() {
            next_blow = Instant::now() + random.millis(100, longest_pause);
            let what = match random.below(24) {
                0 => scene.restart_broker().await,
                1 | 2 => scene.restart_database(random.millis(50, 4_000)).await,
                _ => tokio::task::block_in_place(|| fleet.suffer()),
            };
            println!("{finished}/{}: {what}", requests.len());
        }
        tokio::time::sleep(TICK).await;
    }
    // Whatever the dice said: a broker and a database that die under load are part of it.
    if scene.restarts.broker == 0 {
        scene.restart_broker().await;
    }
    if scene.restarts.database == 0 {
        scene.restart_database(random.millis(50, 4_000)).await;
    }
    requests
}
