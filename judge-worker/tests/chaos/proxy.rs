//! The wire between two parties, to be cut or to fall silent: a proxy on the loopback.

use std::sync::Arc;
use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// They arrive.
    Fair,
    /// Connections break, and nobody answers.
    Cut,
    /// Connections stay, and nothing arrives until it is fair again.
    Silent,
}

/// A wire to one port.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Where to connect instead.
    pub port: u16,
    weather: Arc<watch::Sender<Weather>>,
}

impl Proxy {
    /// Leads to `target` on the loopback, for as long as the runtime lives.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let port = listener.local_addr().expect("it is bound").port();
        let (weather, forecast) = watch::channel(Weather::Fair);
        tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else { continue };
                tokio::spawn(carry(near, target, forecast.clone()));
            }
        });
        Self { port, weather: Arc::new(weather) }
    }

    /// From now on.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn carry(near: TcpStream, target: u16, mut weather: watch::Receiver<Weather>) {
    if *weather.borrow_and_update() == Weather::Cut {
        return;
    }
    let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    let mut forecast = weather.clone();
    tokio::select! {
        () = copy(near_read, far_write, weather.clone()) => {}
        () = copy(far_read, near_write, weather) => {}
        _ = forecast.wait_for(|weather| *weather == Weather::Cut) => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
) {
    let mut bytes = vec![0; 1 << 14];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let fair = weather.wait_for(|weather| *weather != Weather::Silent).await.is_ok();
        if !fair || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
    // What is on its way back may still be read.
    sleep(Duration::from_millis(100)).await;
}
