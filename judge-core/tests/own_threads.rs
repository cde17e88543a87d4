//! Where the worker's own threads run. Alone in its process, whose cores it changes.

use std::fs;
use std::sync::mpsc;
use std::thread;

use judge_core::sandbox::cores::{keep_threads_to, usable_cores};

#[test]
fn all_threads_and_those_that_they_start_keep_to_the_cores_that_are_left() {
    let core = *usable_cores().unwrap().last().unwrap();
    let (go, waits) = mpsc::channel::<()>();
    let cores_seen_late = thread::spawn(move || {
        waits.recv().unwrap();
        thread::spawn(|| fs::read_to_string("/proc/thread-self/status").unwrap()).join().unwrap()
    });
    keep_threads_to(&[core]).unwrap();
    let allowed = format!("Cpus_allowed_list:\t{core}\n");
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        assert!(status.contains(&allowed), "{status}");
    }
    go.send(()).unwrap();
    let status = cores_seen_late.join().unwrap();
    assert!(status.contains(&allowed), "{status}");
}
