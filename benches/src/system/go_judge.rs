//! A running [go-judge](https://github.com/criyle/go-judge), by its REST interface, as its users use
//! it: the program lies in its file store and is copied into each run.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};
use ureq::Agent;

use super::{Runner, System};
use crate::Fallible;
use crate::workload::{PROGRAM, Workload};

/// A server; each lane has a connection of its own, which stays open.
#[derive(Debug)]
pub struct GoJudge {
    base: String,
}

/// What is kept of an output, in bytes.
const OUTPUT_BYTES: u64 = 1 << 20;

/// Ample, so that none is ever reached: times in nanoseconds, memory in bytes.
const CPU_NS: u64 = 10_000_000_000;
const CLOCK_NS: u64 = 60_000_000_000;
const MEMORY_BYTES: u64 = 256 << 20;
const PROCESSES: u64 = 16;

impl GoJudge {
    /// `base`: where it listens, such as `http://127.0.0.1:5050`.
    pub fn at(base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned() }
    }

    /// `POST /file`: the id under which a file lies there until somebody removes it.
    fn upload(&self, agent: &Agent, content: &[u8]) -> Fallible<String> {
        const BOUNDARY: &str = "----judge-benches-a8d1c0e2f47b";
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; \
             filename=\"{PROGRAM}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let body = [head.as_bytes(), content, tail.as_bytes()].concat();
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let url = format!("{}/file", self.base);
        let mut answer = agent.post(url).header("Content-Type", kind).send(&body)?;
        Ok(answer.body_mut().read_json()?)
    }
}

impl System for GoJudge {
    fn name(&self) -> &'static str {
        "go-judge, by REST"
    }

    fn lane<'a>(&'a self, workload: &'a Workload, _: u32) -> Fallible<Box<dyn Runner + 'a>> {
        let agent = Agent::new_with_defaults();
        let mut file = None;
        if let Some(program) = &workload.program {
            let id = self.upload(&agent, &fs::read(program)?)?;
            file = Some(format!("{}/file/{id}", self.base)).zip(Some(id));
        }
        let (url, id) = file.unzip();
        let copied = id.map(|file_id| (PROGRAM.to_owned(), Source { file_id }));
        let output = |name| File::Collected { name, max: OUTPUT_BYTES };
        let command = Run {
            args: &workload.argv,
            env: ["PATH=/usr/bin:/bin"],
            files: [
                File::Content { content: std::str::from_utf8(workload.stdin)? },
                output("stdout"),
                output("stderr"),
            ],
            cpu_limit: CPU_NS,
            clock_limit: CLOCK_NS,
            memory_limit: MEMORY_BYTES,
            proc_limit: PROCESSES,
            copy_in: copied.into_iter().collect(),
        };
        let request = serde_json::to_vec(&Request { cmd: [command] })?;
        let run_url = format!("{}/run", self.base);
        let stdout = std::str::from_utf8(workload.stdout)?;
        Ok(Box::new(Connection { agent, run_url, request, stdout, file: url }))
    }
}

struct Connection<'a> {
    agent: Agent,
    run_url: String,
    /// The same each time.
    request: Vec<u8>,
    /// What must come back.
    stdout: &'a str,
    /// Where the program lies in its file store.
    file: Option<String>,
}

impl Runner for Connection<'_> {
    fn run(&mut self) -> Fallible<()> {
        let post = self.agent.post(&self.run_url).header("Content-Type", "application/json");
        let results: Vec<Ran> = post.send(&self.request)?.body_mut().read_json()?;
        match results.as_slice() {
            [ran]
                if ran.status == "Accepted"
                    && ran.files.get("stdout") == Some(&self.stdout.into()) =>
            {
                Ok(())
            }
            other => Err(format!("go-judge's run did not end well: {other:?}").into()),
        }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        if let Some(url) = &self.file
            && let Err(why) = self.agent.delete(url).call()
        {
            eprintln!("the program stays in go-judge's file store: {why}");
        }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    cmd: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    args: &'a [String],
    env: [&'a str; 1],
    files: [File<'a>; 3],
    cpu_limit: u64,
    clock_limit: u64,
    memory_limit: u64,
    proc_limit: u64,
    copy_in: BTreeMap<String, Source>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum File<'a> {
    Content { content: &'a str },
    Collected { name: &'a str, max: u64 },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    file_id: String,
}

#[derive(Debug, Deserialize)]
struct Ran {
    status: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread::{self, JoinHandle};

    use serde_json::{Value, json};

    use super::*;

    /// What a server was asked: method and path, and the body.
    type Asked = (String, Vec<u8>);

    /// Answers as many requests on one connection as there are `answers`, and gives what was asked.
    fn server(answers: Vec<Value>) -> (String, JoinHandle<Vec<Asked>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let serving = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            answers.iter().map(|answer| exchange(&mut reader, &stream, answer)).collect()
        });
        (base, serving)
    }

    fn exchange(reader: &mut impl BufRead, mut stream: &TcpStream, answer: &Value) -> Asked {
        let mut lines = reader.by_ref().lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let length = headers.iter().find_map(|header| {
            let (name, value) = header.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        let text = answer.to_string();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        )
        .unwrap();
        (first.trim_end_matches(" HTTP/1.1").to_owned(), body)
    }

    fn ran(status: &str, stdout: &str) -> Value {
        json!([{"status": status, "exitStatus": 0, "time": 1, "memory": 1, "runTime": 1,
                "files": {"stdout": stdout, "stderr": ""}}])
    }

    #[test]
    fn a_program_is_uploaded_run_and_removed_over_one_connection() {
        let workload = Workload::hello().unwrap();
        let (base, serving) =
            server(vec![json!("F00"), ran("Accepted", "hello, world\n"), json!(null)]);
        let system = GoJudge::at(&base);
        let mut lane = system.lane(&workload, 0).unwrap();
        lane.run().unwrap();
        drop(lane);
        let asked = serving.join().unwrap();
        let lines: Vec<&str> = asked.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(lines, ["POST /file", "POST /run", "DELETE /file/F00"]);
        let program = fs::read(workload.program.as_ref().unwrap()).unwrap();
        assert!(asked[0].1.windows(program.len()).any(|part| part == program));
        let run: Value = serde_json::from_slice(&asked[1].1).unwrap();
        assert_eq!(run["cmd"][0]["args"], json!(["./program"]));
        assert_eq!(run["cmd"][0]["copyIn"], json!({"program": {"fileId": "F00"}}));
        assert_eq!(run["cmd"][0]["files"][0], json!({"content": ""}));
        assert_eq!(run["cmd"][0]["files"][1], json!({"name": "stdout", "max": 1_048_576}));
    }

    #[test]
    fn a_run_that_did_not_end_well_is_a_failure() {
        let workload = Workload::sum_in_python().unwrap();
        let wrong = [ran("Time Limit Exceeded", ""), ran("Accepted", "41\n"), json!([])];
        let (base, serving) = server(wrong.into());
        let system = GoJudge::at(&base);
        let mut lane = system.lane(&workload, 0).unwrap();
        for _ in 0..3 {
            lane.run().unwrap_err();
        }
        drop(lane);
        serving.join().unwrap();
    }
}
