//! A private broker and database, and a client of the broker, for tests of whole workers.

use crate::mariadb::MariaDb;
use crate::rabbit::Rabbit;
use crate::wire::Wire;

pub struct Servers {
    pub rabbit: Rabbit,
    pub database: MariaDb,
    pub wire: Wire,
}

impl Servers {
    /// Both at once: each takes seconds.
    pub async fn start() -> Self {
        let rabbit = tokio::task::spawn_blocking(Rabbit::start);
        let database = MariaDb::start().await;
        let rabbit = rabbit.await.expect("RabbitMQ starts");
        let wire = Wire::open(&rabbit.url()).await;
        Self { rabbit, database, wire }
    }
}
