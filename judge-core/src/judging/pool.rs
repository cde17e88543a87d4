//! The slots of a worker, lent out one submission or test at a time.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use crate::sandbox::cores::{Cores, Unpinned};
use crate::sandbox::ids::MAX_SLOTS;
use crate::sandbox::{SandboxError, Slot, SlotConfig};

/// A fixed number of slots, each built when first needed and again after it broke.
#[derive(Clone)]
pub struct SlotPool(Arc<Pool>);

struct Pool {
    config: SlotConfig,
    size: u32,
    cores: Result<Cores, Unpinned>,
    places: Mutex<Places>,
    freed: Condvar,
}

/// Every number below the size is in one of the two lists, or lent.
struct Places {
    idle: Vec<Slot>,
    /// Numbers whose slot does not exist now.
    unbuilt: Vec<u32>,
    /// Callers of [`SlotPool::acquire`] that wait.
    waiting: u32,
}

/// How the slots are doing, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    /// Lent out.
    pub busy: u32,
    /// Ready, or to be built when needed.
    pub idle: u32,
}

impl SlotPool {
    /// `size` slots, at least one and at most [`MAX_SLOTS`], none of which is pinned to a core.
    pub fn new(config: SlotConfig, size: u32) -> Self {
        Self::on_cores(config, size, Err(Unpinned::Off))
    }

    /// The same, each slot on a core of its own: `cores` were claimed for as many.
    pub fn on_cores(config: SlotConfig, size: u32, cores: Result<Cores, Unpinned>) -> Self {
        let size = size.clamp(1, MAX_SLOTS);
        // The lowest numbers are taken first.
        let places = Places { idle: vec![], unbuilt: (0..size).rev().collect(), waiting: 0 };
        Self(Arc::new(Pool {
            config,
            size,
            cores,
            places: Mutex::new(places),
            freed: Condvar::new(),
        }))
    }

    /// How many there are.
    pub fn size(&self) -> u32 {
        self.0.size
    }

    /// What all slots share.
    pub fn config(&self) -> &SlotConfig {
        &self.0.config
    }

    /// Which cores the slots are pinned to, or why they are not.
    pub fn cores(&self) -> Result<&Cores, &Unpinned> {
        self.0.cores.as_ref()
    }

    fn start(&self, number: u32) -> Result<Slot, SandboxError> {
        let mut slot = Slot::start(&self.0.config, number)?;
        let cores = self.0.cores.as_ref().ok().and_then(|cores| cores.of_slot(number));
        slot.confine(cores.as_ref());
        Ok(slot)
    }

    /// How many are lent, and how many are not.
    pub fn occupancy(&self) -> Occupancy {
        let places = self.places();
        let idle = u32::try_from(places.idle.len() + places.unbuilt.len()).unwrap_or(u32::MAX);
        Occupancy { busy: self.0.size.saturating_sub(idle), idle }
    }

    /// Waits for a slot. An error is about building it.
    pub fn acquire(&self) -> Result<LentSlot, SandboxError> {
        let mut places = self.places();
        places.waiting += 1;
        while places.idle.is_empty() && places.unbuilt.is_empty() {
            places = self.0.freed.wait(places).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        places.waiting -= 1;
        self.take(places).expect("one is free").build()
    }

    /// A slot that nobody needs more: none, if one is waited for.
    pub fn try_acquire(&self) -> Option<Result<LentSlot, SandboxError>> {
        let places = self.places();
        if 0 < places.waiting {
            return None;
        }
        self.take(places).map(Taken::build)
    }

    /// Whether somebody waits for a slot: who holds several should give them back.
    pub fn is_contended(&self) -> bool {
        0 < self.places().waiting
    }

    fn take(&self, mut places: MutexGuard<'_, Places>) -> Option<Taken> {
        let pool = self.clone();
        if let Some(slot) = places.idle.pop() {
            return Some(Taken { pool, number: slot.number(), slot: Some(slot) });
        }
        places.unbuilt.pop().map(|number| Taken { pool, number, slot: None })
    }

    fn give_back(&self, number: u32, slot: Option<Slot>) {
        let mut places = self.places();
        match slot {
            Some(slot) => places.idle.push(slot),
            None => places.unbuilt.push(number),
        }
        drop(places);
        self.0.freed.notify_one();
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // A panic elsewhere left the lists whole: each change is one push or pop.
        self.0.places.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A place that is ours, with or without a slot in it.
struct Taken {
    pool: SlotPool,
    number: u32,
    slot: Option<Slot>,
}

impl Taken {
    /// Builds the slot if there is none; not under the lock, for it takes milliseconds.
    fn build(mut self) -> Result<LentSlot, SandboxError> {
        if self.slot.is_none() {
            self.slot = Some(self.pool.start(self.number)?);
        }
        Ok(LentSlot { taken: self, spoiled: false })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.pool.give_back(self.number, self.slot.take());
    }
}

/// A slot in use; goes back to the pool when dropped.
pub struct LentSlot {
    taken: Taken,
    spoiled: bool,
}

impl LentSlot {
    /// Where it comes from.
    pub fn pool(&self) -> &SlotPool {
        &self.taken.pool
    }

    /// Throws the slot away and builds a new one in its place: after an error.
    pub fn replace(&mut self) -> Result<(), SandboxError> {
        // The old one's cgroup has the new one's name: it goes first.
        self.taken.slot = None;
        self.taken.slot = Some(self.taken.pool.start(self.taken.number)?);
        self.spoiled = false;
        Ok(())
    }

    /// Runs `job`; a failure of the sandbox is tried once more on a new slot, since nothing is
    /// known about the program then. The second failure stands.
    pub fn try_twice<T>(
        &mut self,
        mut job: impl FnMut(&mut Slot) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        self.spoiled = true;
        let done = match job(self) {
            Ok(done) => done,
            Err(error) => {
                tracing::warn!(slot = self.taken.number, %error, "slot thrown away, trying again");
                self.replace()?;
                self.spoiled = true;
                job(self)?
            }
        };
        self.spoiled = false;
        Ok(done)
    }
}

impl Deref for LentSlot {
    type Target = Slot;

    fn deref(&self) -> &Slot {
        self.taken.slot.as_ref().expect("replaced or given back, never empty between")
    }
}

impl DerefMut for LentSlot {
    fn deref_mut(&mut self) -> &mut Slot {
        self.taken.slot.as_mut().expect("replaced or given back, never empty between")
    }
}

impl Drop for LentSlot {
    fn drop(&mut self) {
        if self.spoiled {
            self.taken.slot = None;
        }
    }
}
