//! Many accounts in one query of X's recent search.
//!
//! A search is an early look, not the record: X's search no longer answers with reposts, sees nothing older than a week,
//! and forgets its place when an account is added. The timeline of every account is read beside it, at a slower pace,
//! with a cursor of its own; so whatever a search misses is seen there, and nothing is lost when accounts change.

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use crate::model::post::{first_bytes, hex};

/// One query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What people read: the first account and how many more.
    pub name: String,
    /// Tells it from other queries.
    pub key: String,
    /// The query.
    pub query: String,
    /// How often the timelines of its accounts are read beside it.
    pub reach: SignedDuration,
}

/// The longest query that X takes from everybody.
const LONGEST: usize = 512;

/// The queries that ask for all of `handles`, in their order.
pub fn searches(handles: &[String], reach: SignedDuration) -> Vec<Search> {
    let mut batches: Vec<Vec<&str>> = Vec::new();
    let mut length = usize::MAX;
    for handle in handles {
        let more = " OR from:".len() + handle.len();
        match batches.last_mut() {
            Some(batch) if length + more <= LONGEST => {
                batch.push(handle);
                length += more;
            }
            _ => {
                batches.push(vec![handle]);
                length = "from:".len() + handle.len();
            }
        }
    }
    batches.iter().map(|batch| search(batch, reach)).collect()
}

fn search(handles: &[&str], reach: SignedDuration) -> Search {
    let query = handles.iter().map(|handle| format!("from:{handle}")).collect::<Vec<_>>().join(" OR ");
    let key: [u8; 8] = first_bytes(&Sha256::digest(query.to_ascii_lowercase()));
    let more = handles.len() - 1;
    let name = format!("search:{}{}", handles[0], if more > 0 { format!("+{more}") } else { String::new() });
    Search { name, key: hex(&key), query, reach }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_is_in_one_query_and_no_query_is_too_long() {
        let handles: Vec<String> = (0..70).map(|n| format!("account_num_{n}")).collect();
        let found = searches(&handles, SignedDuration::from_mins(30));
        assert!(found.len() >= 3 && found.iter().all(|search| search.query.len() <= LONGEST));
        assert!(
            found[..found.len() - 1].iter().all(|search| search.query.len() > LONGEST - 30),
            "each is full"
        );
        let asked: Vec<&str> = found.iter().flat_map(|search| search.query.split(" OR ")).collect();
        let wanted: Vec<String> = handles.iter().map(|handle| format!("from:{handle}")).collect();
        assert_eq!(asked, wanted);
        assert_eq!(
            found[0].name,
            format!("search:account_num_0+{}", found[0].query.split(" OR ").count() - 1)
        );
        assert!(searches(&[], SignedDuration::ZERO).is_empty());
    }

    #[test]
    fn a_query_is_known_by_its_accounts() {
        let key = |handles: &[&str]| {
            let handles: Vec<String> = handles.iter().map(|handle| (*handle).to_owned()).collect();
            searches(&handles, SignedDuration::ZERO).remove(0).key
        };
        assert_eq!(key(&["A", "b"]), key(&["a", "B"]));
        assert_ne!(key(&["a", "b"]), key(&["a", "b", "c"]));
    }
}
