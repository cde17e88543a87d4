//! Every wall of the sandbox carries load: real attacks in real sandboxes, as root.
//!
//! Each attack is tried behind all walls, where it must come to what its row says; and again with
//! the walls away that stop it, where it must get through. Where several walls stop it, each of them
//! alone must.
//!
//! ```text
//! identity  sight  remains  usage     the tables: wall, attack, what it comes to with and without
//! scene                               the host that they are after, and slots with walls missing
//! ```

#[path = "walls/attack.rs"]
mod attack;
#[path = "walls/identity.rs"]
mod identity;
#[path = "walls/remains.rs"]
mod remains;
#[path = "walls/scene.rs"]
mod scene;
#[path = "walls/sight.rs"]
mod sight;
#[path = "support/slots.rs"]
mod slots;
#[path = "walls/usage.rs"]
mod usage;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use attack::Attack;
use judge_core::sandbox::Wall;
use scene::Host;

const TABLES: [&[Attack]; 4] =
    [identity::ATTACKS, sight::ATTACKS, remains::ATTACKS, usage::ATTACKS];

#[test]
fn nobody_is_somebody_else() {
    each_wall_carries_load(identity::ATTACKS);
}

#[test]
fn nothing_is_in_sight_but_what_is_shown() {
    each_wall_carries_load(sight::ATTACKS);
}

#[test]
fn nothing_remains_of_a_run_but_what_is_asked_for() {
    each_wall_carries_load(remains::ATTACKS);
}

#[test]
fn nothing_is_used_beyond_a_limit_and_nothing_asked_beyond_the_rules() {
    each_wall_carries_load(usage::ATTACKS);
}

#[test]
fn there_is_an_attack_for_every_wall() {
    let attacked: BTreeSet<Wall> =
        TABLES.iter().copied().flatten().flat_map(|attack| attack.stopped_by).copied().collect();
    let all: BTreeSet<Wall> = Wall::ALL.iter().copied().collect();
    assert_eq!(all.difference(&attacked).collect::<Vec<_>>(), Vec::<&Wall>::new());
}

/// `| `NAME`: SENTENCE | MADE BY | AFTER (with `OTHER`, … away too) |`, a row for each wall.
#[test]
fn the_table_in_architecture_md_names_every_wall_and_an_attack_on_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(folder.join("../ARCHITECTURE.md")).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with("| wall: ")).skip(2);
    let rows: Vec<Vec<&str>> = lines
        .map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split(" | ").collect())
        .collect();
    let named: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    let all = Wall::ALL.iter().map(|wall| format!("`{}`: {wall}", wall.as_str()));
    assert_eq!(named, all.collect::<Vec<_>>());
    for (wall, row) in Wall::ALL.iter().zip(&rows) {
        let made_by = row[1].trim_matches('`');
        let places = [folder.join("src").join(made_by), folder.join("..").join(made_by)];
        let exists = |place: &PathBuf| place.exists() || place.with_extension("rs").exists();
        assert!(places.iter().any(exists), "{made_by}");
        let attacks = TABLES.iter().copied().flatten();
        let mut told = attacks.filter(|it| it.stopped_by.contains(wall)).map(|attack| {
            let others = attack.stopped_by.iter().filter(|other| *other != wall);
            let others: Vec<String> = others.map(|wall| format!("`{}`", wall.as_str())).collect();
            match &others[..] {
                [] => attack.after.to_owned(),
                others => format!("{} (with {} away too)", attack.after, others.join(", ")),
            }
        });
        assert!(told.any(|attack| attack == row[2]), "{wall:?}: no attack is told as {:?}", row[2]);
    }
}

fn each_wall_carries_load(attacks: &[Attack]) {
    let host = Host::new();
    let mut wrong = Vec::new();
    for attack in attacks {
        let verdict = if attack.needs.is_met() {
            match carries_load(&host, attack) {
                Ok(()) => "ok".to_owned(),
                Err(error) => {
                    wrong.push(format!("{:?}, {}: {error}", attack.stopped_by, attack.after));
                    error
                }
            }
        } else {
            format!("not tried: this host lacks {:?}", attack.needs)
        };
        // Shown of tests that pass too, as what `eprintln!` says is not.
        let line = format!("{:?} against {}: {verdict}\n", attack.stopped_by, attack.after);
        io::stderr().write_all(line.as_bytes()).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn carries_load(host: &Host, attack: &Attack) -> Result<(), String> {
    let comes_to = |away: &[Wall]| (attack.tries)(&mut host.scene(away));
    let with = comes_to(&[]);
    if with != attack.with {
        return Err(format!("behind all walls it comes to {with:?}, not {:?}", attack.with));
    }
    let without = comes_to(attack.stopped_by);
    if without != attack.without {
        return Err(format!("without them it comes to {without:?}, not {:?}", attack.without));
    }
    for wall in attack.stopped_by.iter().filter(|_| 1 < attack.stopped_by.len()) {
        let others = attack.stopped_by.iter().filter(|other| *other != wall).copied();
        if comes_to(&others.collect::<Vec<_>>()) == attack.without {
            return Err(format!("{wall:?} alone does not stop it"));
        }
    }
    Ok(())
}
