//! URLs that may hold a password: they are used whole, and shown without it.

use std::{fmt, str::FromStr};

use lapin::uri::AMQPUri;
use sqlx::{mysql::MySqlConnectOptions, sqlite::SqliteConnectOptions};

/// A URL whose `Display` and `Debug` have neither password nor query.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// All of it, to connect with.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What comes before `://`, in lower case.
    pub fn scheme(&self) -> String {
        self.0.split_once("://").map_or("", |(scheme, _)| scheme).to_lowercase()
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str("***");
        };
        // At the last `@` of all: in a password that was not escaped, `/`, `?` and `@` may occur.
        let (user, rest) = match rest.rsplit_once('@') {
            Some((userinfo, rest)) => {
                let user = userinfo.split_once(':').map_or(userinfo, |(user, _)| user);
                (format!("{user}:***@"), rest)
            }
            None => (String::new(), rest),
        };
        match rest.split_once('?') {
            Some((place, _)) => write!(f, "{scheme}://{user}{place}?***"),
            None => write!(f, "{scheme}://{user}{rest}"),
        }
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

/// The URL of a broker.
pub(super) fn amqp(text: &str) -> Result<SecretUrl, String> {
    match AMQPUri::from_str(text) {
        Ok(_) => Ok(SecretUrl(text.to_owned())),
        Err(_) => Err("a URL like amqp://user:password@host:5672/vhost, or amqps://".to_owned()),
    }
}

/// The URL of a database.
pub(super) fn database(text: &str) -> Result<SecretUrl, String> {
    let url = SecretUrl(text.to_owned());
    let is_valid = match url.scheme().as_str() {
        "mysql" => MySqlConnectOptions::from_str(text).is_ok(),
        "sqlite" => SqliteConnectOptions::from_str(text).is_ok(),
        _ => false,
    };
    is_valid.then_some(url).ok_or_else(|| {
        "a URL like mysql://user:password@host:3306/database or sqlite://path".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let shown = [
            "amqp://user:hunter2@host:5672/%2f",
            "mysql://user:hun/ter@2?x@host/db?ssl-key=hunter2",
            "amqp://host/vhost",
            "sqlite://history.sqlite?mode=rwc",
            "user:hunter2@host",
        ]
        .map(|url| SecretUrl(url.to_owned()).to_string());
        assert_eq!(
            shown,
            [
                "amqp://user:***@host:5672/%2f",
                "mysql://user:***@host/db?***",
                "amqp://host/vhost",
                "sqlite://history.sqlite?***",
                "***",
            ]
        );
    }
}
