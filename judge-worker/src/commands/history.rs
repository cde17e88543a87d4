//! `judge-worker history`: the newest rows of the history table.

use super::table::table;
use super::{Exit, complain};
use crate::config::{Settings, SettingsArgs};
use crate::message::Timestamp;
use crate::store::{MAX_HISTORY_ROWS, Store, StoreError, StoreOptions};

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many rows at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_HISTORY_ROWS)))]
    limit: u32,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Prints them.
pub fn run(args: &Args) -> Exit {
    let settings = match Settings::load(&args.settings) {
        Ok(settings) => settings,
        Err(error) => return complain(Exit::Wrong, &error),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(Exit::Failed, &error),
    };
    match runtime.block_on(print(&settings, args.limit)) {
        Ok(()) => Exit::Well,
        Err(error) => complain(Exit::Failed, &error),
    }
}

async fn print(settings: &Settings, limit: u32) -> Result<(), StoreError> {
    let store = Store::connect(settings.database_url.expose(), &StoreOptions::default()).await?;
    let rows = store.history(limit).await?;
    let heads =
        ["id", "request", "problem", "language", "verdict", "tests", "CPU ms", "KiB", "judged at"];
    let mut table = table(&heads);
    for row in &rows {
        let record = &row.record;
        table.add_row([
            row.id.to_string(),
            row.request_id.clone(),
            record.problem_id.clone(),
            record.language.clone(),
            record.verdict.clone(),
            record.tests.len().to_string(),
            record.cpu_time.as_millis().to_string(),
            record.memory_kib.to_string(),
            Timestamp::clamped(row.judged_at).to_rfc3339(),
        ]);
    }
    println!("{table}");
    store.close().await;
    Ok(())
}
