//! Which timelines are looked at next: those that are due longest, as far as there are hands for them.
//!
//! Each source has hands of its own, of which no host takes more than a few, and a host that does not answer one. So
//! whoever is slow or gone keeps only itself waiting. What it costs depends on what changes, not on how many there are.

mod waiting;

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;

use jiff::Timestamp;

use self::waiting::{Due, Waiting};

/// Looks of a source under way at the same time.
const OF_A_SOURCE: usize = 64;

/// Those among them at one host, where a source has several, for each call that may be under way there.
const OF_A_CALL: usize = 2;

/// Those among them at one host to which others lead, at most.
const OF_A_STRANGER: u8 = 8;

/// Those among them at hosts that gave no answer, all together.
const OF_THE_SILENT: usize = 16;

/// The number of a timeline in an agenda.
pub(crate) type Number = usize;

/// What waits for which hands, by the time at which it is due. There may be tens of thousands, so all is kept small.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// The queue of each timeline; `LEFT` of one that left.
    queue_of: Vec<u32>,
    queues: Vec<Queue>,
    /// The own queue of each timeline that is led to another host.
    away: HashMap<Number, u32>,
    /// The queue of each source and host, by their hash: should two ever have the same, they share hands.
    known: HashMap<u64, u32>,
    sources: Vec<Hands>,
    /// When it was last asked.
    asked: Option<Timestamp>,
}

/// No queue.
const LEFT: u32 = u32::MAX;

/// What waits for one host of one source.
#[derive(Debug)]
struct Queue {
    waiting: Waiting,
    source: u32,
    under_way: u16,
    most: u8,
    /// Whether its last look got no answer.
    silent: bool,
}

/// The hands of a source, and its queues that could use one, by what is due first in them.
#[derive(Debug, Default)]
struct Hands {
    under_way: usize,
    /// Of which one host takes no more.
    of_a_host: u8,
    at_silent: usize,
    ready: BTreeSet<(Due, u32)>,
    ready_silent: BTreeSet<(Due, u32)>,
}

impl Agenda {
    /// Puts a timeline of a source, by the order in which they were opened, on the agenda, at `host` if the source has several.
    pub(super) fn add(&mut self, source: usize, host: Option<&str>, due: Timestamp) -> Number {
        let most = if host.is_some() { self.sources[source].of_a_host } else { OF_A_SOURCE as u8 };
        let queue = self.queue(source, host, most);
        let number = self.queue_of.len();
        self.queue_of.push(queue);
        self.wait(number, due);
        number
    }

    /// Takes on the next source, of so many timelines, most of which have a host of their own; so many calls may be under
    /// way at one of these.
    pub(super) fn open(&mut self, timelines: usize, calls: usize) {
        let of_a_host = (calls * OF_A_CALL).clamp(1, OF_A_SOURCE) as u8;
        self.sources.push(Hands { of_a_host, ..Hands::default() });
        self.queue_of.reserve_exact(timelines);
        self.queues.reserve_exact(timelines);
    }

    fn queue(&mut self, source: usize, host: Option<&str>, most: u8) -> u32 {
        let (queues, known) = (&mut self.queues, &mut self.known);
        let key = known.hasher().hash_one((source, host));
        *known.entry(key).or_insert_with(|| {
            let source = source as u32;
            queues.push(Queue { waiting: Waiting::Nobody, source, under_way: 0, most, silent: false });
            (queues.len() - 1) as u32
        })
    }

    /// Lets a timeline that is not waiting use the hands of `host`, which answers for it, or of its own again: otherwise a
    /// host to which many are led would take the hands of all others, too.
    pub(super) fn led(&mut self, number: Number, host: Option<&str>) {
        match (self.queue_of(number), host) {
            (Some(before), Some(host)) => {
                let source = self.queues[before as usize].source as usize;
                let most = self.sources[source].of_a_host.min(OF_A_STRANGER);
                let queue = self.queue(source, Some(host), most);
                self.queue_of[number] = queue;
                self.away.entry(number).or_insert(before);
            }
            (Some(_), None) if !self.away.is_empty() => {
                if let Some(own) = self.away.remove(&number) {
                    self.queue_of[number] = own;
                }
            }
            _ => {}
        }
    }

    /// Hands out what is due, as far as there are hands, the longest overdue of each source first.
    ///
    /// If the clock jumped back, all is due: the times were set by another clock.
    pub(super) fn start(&mut self, now: Timestamp) -> Vec<Number> {
        if self.asked.replace(now).is_some_and(|asked| now < asked) {
            self.all_due(now);
        }
        let mut started = Vec::new();
        for source in 0..self.sources.len() {
            while let Some((_, queue)) = self.sources[source].next().filter(|(due, _)| due.is_over(now)) {
                self.change(queue, |queue| {
                    started.extend(queue.waiting.pop());
                    queue.under_way += 1;
                });
            }
        }
        started
    }

    /// When the next look could start.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.sources.iter().filter_map(Hands::next).map(|(due, _)| due).min().map(Due::at)
    }

    /// Whether a source has no hand free.
    pub(super) fn is_stretched(&self) -> bool {
        self.sources.iter().any(|hands| hands.under_way >= OF_A_SOURCE)
    }

    /// Frees the hand of a look that was started. It tells whether its host answers, unless it was not asked.
    pub(super) fn ended(&mut self, number: Number, answered: Option<bool>) {
        if let Some(queue) = self.queue_of(number) {
            self.change(queue, |queue| {
                queue.under_way -= 1;
                queue.silent = answered.map_or(queue.silent, |answered| !answered);
            });
        }
    }

    /// Lets a timeline that is not under way wait until `due`; one that left does not come back.
    pub(super) fn wait(&mut self, number: Number, due: Timestamp) {
        if let Some(queue) = self.queue_of(number) {
            self.change(queue, |queue| queue.waiting.push(Due::of(due), number));
        }
    }

    /// Takes a timeline whose look ended off the agenda.
    pub(super) fn leave(&mut self, number: Number) {
        self.queue_of[number] = LEFT;
        self.away.remove(&number);
    }

    fn queue_of(&self, number: Number) -> Option<u32> {
        Some(self.queue_of[number]).filter(|queue| *queue != LEFT)
    }

    fn all_due(&mut self, now: Timestamp) {
        for queue in 0..self.queues.len() {
            self.change(queue as u32, |queue| queue.waiting.all_due(now));
        }
    }

    fn change(&mut self, at: u32, with: impl FnOnce(&mut Queue)) {
        let queue = &mut self.queues[at as usize];
        let hands = &mut self.sources[queue.source as usize];
        hands.count(queue, |all, of_queue| *all -= of_queue);
        if let Some(due) = queue.ready() {
            hands.ready(queue.silent).remove(&(due, at));
        }
        with(queue);
        hands.count(queue, |all, of_queue| *all += of_queue);
        if let Some(due) = queue.ready() {
            hands.ready(queue.silent).insert((due, at));
        }
    }
}

impl Queue {
    /// When what waits first is due, if the host may be asked.
    fn ready(&self) -> Option<Due> {
        let most = if self.silent { 1 } else { self.most };
        self.waiting.first().filter(|_| self.under_way < most.into())
    }
}

impl Hands {
    /// The queue that gets the next free hand, and when.
    fn next(&self) -> Option<(Due, u32)> {
        if self.under_way >= OF_A_SOURCE {
            return None;
        }
        let silent = self.ready_silent.first().filter(|_| self.at_silent < OF_THE_SILENT);
        self.ready.first().into_iter().chain(silent).min().copied()
    }

    fn ready(&mut self, silent: bool) -> &mut BTreeSet<(Due, u32)> {
        if silent { &mut self.ready_silent } else { &mut self.ready }
    }

    fn count(&mut self, queue: &Queue, with: impl Fn(&mut usize, usize)) {
        with(&mut self.under_way, queue.under_way.into());
        if queue.silent {
            with(&mut self.at_silent, queue.under_way.into());
        }
    }
}

#[cfg(test)]
mod tests;
