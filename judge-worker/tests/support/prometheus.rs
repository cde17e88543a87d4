//! A private Prometheus that scrapes workers; it ends when it is dropped.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
};

/// A file of `deploy/`.
pub fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(path)
}

/// A Prometheus that ends when its stdin is closed.
pub struct Prometheus {
    script: Child,
    stdin: Option<ChildStdin>,
    url: String,
}

impl Prometheus {
    /// Starts it and waits until it has scraped each worker (`host:port`) twice.
    pub fn scraping(workers: &[String]) -> Self {
        let mut script = Command::new(deploy("tests/private_prometheus.py"))
            .args(workers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs the script");
        let stdin = script.stdin.take();
        let mut url = String::new();
        let stdout = script.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut url).expect("UTF-8");
        assert!(url.starts_with("http://"), "no Prometheus; the reason is on stderr");
        Self { script, stdin, url: url.trim_end().to_owned() }
    }

    /// Runs every query of a dashboard against it.
    pub fn dashboard_queries(&self, dashboard: &Path, options: &[&str]) -> Output {
        Command::new(deploy("tests/dashboard_queries.py"))
            .arg(&self.url)
            .arg(dashboard)
            .args(options)
            .output()
            .expect("python3 runs the script")
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.script.wait(); // it ends by itself; a panic in here would hide the test's
    }
}
