//! Nothing lost, nothing doubled, whatever dies: real workers with real sandboxes, a real broker and
//! a real database, all of which are killed, stopped and cut off from each other by a schedule that
//! follows from a seed; then the books must balance (`books.rs`), and nothing may be left of the dead.
//!
//! ```text
//! publisher ──▶ RabbitMQ ◀── proxy ── worker, worker, worker ── proxy ──▶ MariaDB
//!  twice, late,  killed        cut      killed, stopped at        cut      killed
//!  in any order  restarted     silent   failpoints and anywhere   silent   restarted
//! ```
//!
//! The same with one `SQLite` file that all workers share, and that others lock now and then.
//!
//! `JUDGE_CHAOS_SEED` repeats a schedule (when what it does falls, the machine decides), and
//! `JUDGE_CHAOS_SUBMISSIONS` and `JUDGE_CHAOS_KILLS` make it longer: see `make chaos`.

mod books;
mod database;
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

use database::Database;
use fleet::{Fleet, TICK};
use random::Random;
use scene::Scene;
use tokio::sync::Mutex;
use work::{Letter, Request};

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
            submissions: number("JUDGE_CHAOS_SUBMISSIONS").map_or(40, small),
            kills: number("JUDGE_CHAOS_KILLS").map_or(8, small),
            seed: number("JUDGE_CHAOS_SEED").unwrap_or(now.as_secs()),
        }
    }

    /// So much of it.
    fn share(self, of: usize) -> Self {
        let Self { submissions, kills, seed } = self;
        Self { submissions: submissions.div_ceil(of), kills: kills.div_ceil(of), seed }
    }
}

/// Each of the two is as much as two cores can do.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_dies_every_request_has_one_row_and_one_verdict() {
    let _alone = ONE_AT_A_TIME.lock().await;
    run_through(Extent::of_environment(), Database::mariadb().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_that_share_a_file_lose_and_double_nothing_either() {
    let _alone = ONE_AT_A_TIME.lock().await;
    run_through(Extent::of_environment().share(4), Database::sqlite()).await;
}

async fn run_through(extent: Extent, database: Database) {
    println!("JUDGE_CHAOS_SEED={}", extent.seed);
    let mut scene = Scene::open(database).await;
    let mut wires = Vec::new();
    for _ in 0..WORKERS {
        wires.push(scene.wires().await);
    }
    let seed = extent.seed;
    let (amqp, database) = (scene.amqp_password(), scene.database());
    let mut fleet = tokio::task::block_in_place(|| {
        Fleet::start(seed, wires, |broker, store| {
            let url = format!("amqp://{amqp}@127.0.0.1:{}/%2f?heartbeat=4", broker.port);
            vec![("JUDGE_AMQP_URL", url), ("JUDGE_DATABASE_URL", database.url(store))]
        })
    });
    scene.listen().await;
    let (requests, late) = rage(&extent, &mut scene, &mut fleet).await;
    println!("calming down after {} kills and {} stops", fleet.kills, fleet.stops);
    tokio::task::block_in_place(|| fleet.calm_down());
    scene.until_settled(&requests).await;
    // All have their verdict: from here on each of these is one that was asked for before.
    for letter in &late {
        scene.publish(&letter.message).await;
    }
    scene.until_settled(&requests).await;
    let (kills, stops) = (fleet.kills, fleet.stops);
    tokio::task::block_in_place(|| fleet.finish());
    let balance = scene.books(requests).await.balance();
    println!("{kills} kills, {stops} stops, {:?}: {balance}", scene.restarts);
    assert!(extent.kills <= kills);
}

/// Publishes, and has everything fail, until enough was published and killed; gives also what is to be
/// published still.
async fn rage(
    extent: &Extent,
    scene: &mut Scene,
    fleet: &mut Fleet,
) -> (Vec<Request>, Vec<Letter>) {
    let mut random = Random::new(extent.seed, 2);
    let (mut requests, mut late): (Vec<_>, Vec<Letter>) = (Vec::new(), Vec::new());
    fleet.failing = true;
    let mut next_blow = Instant::now();
    while requests.len() < extent.submissions || fleet.kills < extent.kills {
        tokio::task::block_in_place(|| fleet.tend());
        // One that is published when nothing works is published until it is confirmed.
        let finished = scene.finished().await;
        let mut letters: Vec<Letter> = Vec::new();
        while requests.len() < finished + IN_FLIGHT {
            let request = Request::draw(requests.len(), &mut random);
            requests.push(request.clone());
            for letter in &mut late {
                letter.after -= 1;
            }
            late.extend(request.letters(&mut random));
            letters.extend(late.extract_if(.., |letter| letter.after == 0));
        }
        random.shuffle(&mut letters);
        for letter in letters {
            scene.publish(&letter.message).await;
        }
        if next_blow <= Instant::now() {
            let longest = longest_pause(extent, fleet.kills, finished);
            next_blow = Instant::now() + random.millis(100, longest);
            let what = match random.below(24) {
                0 => scene.restart_broker().await,
                1 | 2 => scene.fail_database(random.millis(50, 4_000)).await,
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
        scene.fail_database(random.millis(50, 4_000)).await;
    }
    (requests, late)
}

/// Until the next blow, in milliseconds. About half of them kill somebody; in between there is time
/// for some submissions. What that takes is the machine's to say: where more were killed for what is
/// finished than there had to be, the pause is so many times longer.
fn longest_pause(extent: &Extent, kills: usize, finished: usize) -> u64 {
    let each = (extent.submissions / extent.kills.max(1)).clamp(2, 40);
    let ahead = kills * extent.submissions / (extent.kills * finished).max(1);
    (300 * each * ahead.clamp(1, 8)) as u64
}
