//! Everything that the worker writes or shows, as [`Trace`]s.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use sqlx::{AssertSqlSafe, MySqlConnection};

use super::{
    canary::Trace,
    rabbit::Rabbit,
    serving::Serving,
    wire::{Stored, Wire},
};

/// What a worker's server answers, whatever it is asked.
pub fn http(worker: &Serving) -> Vec<Trace> {
    let paths = ["/metrics", "/healthz", "/readyz", "/", "/debug"];
    paths.map(|path| Trace::new(path, worker.get(path).1)).into()
}

/// A message with its key and all its properties.
pub fn message(place: &str, stored: &Stored) -> Trace {
    let Stored { body, routing_key, properties } = stored;
    let envelope = format!("{routing_key} {properties:?}\n").into_bytes();
    Trace::new(place, [envelope, body.clone()].concat())
}

/// Takes every message out of every queue. Those who have consumed must be gone.
pub async fn queues(rabbit: &Rabbit, wire: &Wire) -> Vec<Trace> {
    let listed = rabbit.ctl(&["list_queues", "name", "--no-table-headers"]);
    let mut traces = Vec::new();
    for queue in listed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        while let Some(stored) = wire.try_get(queue).await {
            traces.push(message(&format!("the queue {queue}"), &stored));
        }
    }
    traces
}

/// Every value of every table, by table and column.
pub async fn tables(root: &mut MySqlConnection, database: &str) -> Vec<Trace> {
    let columns = "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR) \
                   FROM information_schema.columns WHERE table_schema = ?";
    let columns: Vec<(String, String)> =
        sqlx::query_as(columns).bind(database).fetch_all(&mut *root).await.expect("the columns");
    let mut traces = Vec::new();
    for (table, column) in columns {
        let select = format!("SELECT CAST(`{column}` AS BINARY) FROM `{database}`.`{table}`");
        let values: Vec<Option<Vec<u8>>> =
            sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut *root).await.expect("values");
        let values: Vec<Vec<u8>> = values.into_iter().flatten().collect();
        traces.push(Trace::new(format!("{table}.{column}"), values.join(&b'\n')));
    }
    traces
}

/// What the worker's children can tell of themselves to those who may ask.
pub fn children(worker: &Serving) -> Vec<Trace> {
    let children = worker.descendants().into_iter();
    let files = children
        .flat_map(|(pid, _)| ["environ", "cmdline"].map(|name| format!("/proc/{pid}/{name}")));
    files.filter_map(|path| file(Path::new(&path))).collect()
}

/// All files below a folder, and their names.
pub fn files_below(folder: &Path) -> Vec<Trace> {
    let mut traces = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            traces.push(Trace::new("a file's name", path.to_string_lossy().into_owned()));
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(path),
                Ok(kind) if kind.is_file() => traces.extend(file(&path)),
                _ => {}
            }
        }
    }
    traces
}

fn file(path: &Path) -> Option<Trace> {
    Some(Trace::new(path.display().to_string(), fs::read(path).ok()?))
}

/// The files in places that everybody on the host shares.
pub struct SharedPlaces(BTreeSet<PathBuf>);

impl SharedPlaces {
    pub fn now() -> Self {
        let places = ["/", "/tmp", "/var/tmp", "/dev/shm", "/var/crash", "/run"];
        let entries =
            places.into_iter().flat_map(|place| fs::read_dir(place).into_iter().flatten());
        let is_file = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
        let files = entries.flatten().filter(is_file);
        Self(files.map(|entry| entry.path()).collect())
    }

    /// Those that were not there before.
    pub fn new_since(&self, before: &Self) -> Vec<Trace> {
        self.0.difference(&before.0).filter_map(|path| file(path)).collect()
    }
}
