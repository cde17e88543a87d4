//! The store against real databases: a `SQLite` file and a private `MariaDB`.

#[path = "../support/mariadb.rs"]
mod mariadb;

mod claims;
mod fixture;
mod judgements;
mod model;
mod outages;
mod schema;
mod seeds;
