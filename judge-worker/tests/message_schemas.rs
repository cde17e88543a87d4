//! The files in `schemas/` agree with the code and with each other.

use std::{env, fs, path::PathBuf};

use judge_worker::message::schema;
use serde_norway::Value;

fn schemas() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

#[test]
fn the_json_schemas_are_those_of_the_types() {
    for (name, schema) in schema::all() {
        let path = schemas().join(format!("{name}.json"));
        let made = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if env::var_os("UPDATE_SCHEMAS").is_some_and(|set| set == "1") {
            fs::write(&path, &made).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == made, "{} is out of date: run with UPDATE_SCHEMAS=1", path.display());
    }
}

#[test]
fn every_reference_of_the_asyncapi_document_leads_somewhere() {
    let document: Value =
        serde_norway::from_str(&fs::read_to_string(schemas().join("asyncapi.yaml")).unwrap())
            .unwrap();
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    for (name, _) in schema::all() {
        let file = format!("./{name}.json");
        assert!(references.contains(&file), "{file} is not referred to");
    }
    for reference in references {
        let found = match reference.strip_prefix("#/") {
            Some(pointer) => {
                pointer.split('/').try_fold(&document, |at, key| at.get(key)).is_some()
            }
            None => schemas().join(&reference).is_file(),
        };
        assert!(found, "{reference} leads nowhere");
    }
}

#[test]
fn every_operation_of_the_asyncapi_document_has_a_known_action() {
    let document: Value =
        serde_norway::from_str(&fs::read_to_string(schemas().join("asyncapi.yaml")).unwrap())
            .unwrap();
    assert_eq!(document["asyncapi"].as_str(), Some("3.0.0"));
    let operations = document["operations"].as_mapping().unwrap();
    assert!(!operations.is_empty());
    for (name, operation) in operations {
        let action = operation["action"].as_str();
        assert!(matches!(action, Some("send" | "receive")), "{name:?}: {action:?}");
    }
}

fn collect_references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                match (key.as_str(), value.as_str()) {
                    (Some("$ref"), Some(reference)) => into.push(reference.to_owned()),
                    _ => collect_references(value, into),
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect_references(item, into)),
        _ => {}
    }
}
