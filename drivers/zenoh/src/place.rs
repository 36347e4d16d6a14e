//! What is wrong with a configuration, and where in its text that stands: the line and column of a key, or of an element of a list.

use serde_json::{Map, Value};

use crate::syntax::{self, Member, Members};

/// What is wrong, and where: the steps to a key, or to an element of a list; none: the whole.
pub struct Problem {
    pub path: Vec<String>,
    pub text: String,
}

impl Problem {
    pub fn new(path: &[&str], text: impl Into<String>) -> Self {
        let path = path.iter().map(|step| step.to_string()).collect();
        Problem {
            path,
            text: text.into(),
        }
    }
}

/// Of what this path leads to, each of its steps a key or the number of an element, or of where that should be; one-based.
pub fn of(body: &str, path: &[String]) -> Option<(usize, usize)> {
    let (mut at, mut members) = syntax::members(body, 0);
    let mut place = None;
    for step in path {
        let Some(next) = members.and_then(|all| find(body, all, step)) else {
            place = place.map(|_| at); // of the whole text nothing is said that does not stand in it
            break;
        };
        place = Some(next.key.map_or(next.value, |key| key.start));
        (at, members) = syntax::members(body, next.value);
    }
    place.map(|at| syntax::line_and_column(body, at))
}

/// Of two of one key the last one counts, as for who reads the values.
fn find(body: &str, mut members: Members, step: &str) -> Option<Member> {
    let has_it = |at: usize, member: &Member| match &member.key {
        Some(key) => name(&body[key.clone()]).as_deref() == Some(step),
        None => step.parse() == Ok(at),
    };
    let at = (0..members.len()).rev().find(|&at| has_it(at, &members[at]))?;
    Some(members.swap_remove(at))
}

/// What a key says, however it is written.
fn name(key: &str) -> Option<String> {
    let object: Map<String, Value> = json5::from_str(&format!("{{{key}:0}}")).ok()?;
    object.into_iter().next().map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_elements_are_found_where_they_stand() {
        let body = "{ // a comment\n  mode: 'peer',\n  connect: {\n    endpoints: ['a',\n      \"b\"],\n  },\n  n: 7}";
        for (path, place) in [
            (&["mode"] as &[_], (2, 3)),
            (&["connect"], (3, 3)),
            (&["connect", "endpoints"], (4, 5)),
            (&["connect", "endpoints", "1"], (5, 7)),
        ] {
            let path: Vec<String> = path.iter().map(|step| step.to_string()).collect();
            assert_eq!(of(body, &path), Some(place), "{path:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_where_it_should_be() {
        let body = "{\n connect: {},\n  n: 7}";
        let path = |steps: &[&str]| steps.iter().map(|step| step.to_string()).collect::<Vec<_>>();
        assert_eq!(of(body, &path(&["connect", "endpoints"])), Some((2, 11)));
        assert_eq!(of(body, &path(&["n", "x"])), Some((3, 6)));
        assert_eq!(of(body, &path(&["mode"])), None);
        assert_eq!(of("{", &path(&["n"])), None);
    }

    #[test]
    fn of_two_of_one_key_the_last_one_is_meant() {
        let body = "{a: {b: 1,\n b: 2},\n'\\x61': {\n  'c': 0, \"b\": 3, b: [4,\n 5]}, // and no {a: 1}\n}";
        for (path, place) in [
            (&["a"] as &[_], (3, 1)),
            (&["a", "b"], (4, 19)),
            (&["a", "b", "1"], (5, 2)),
            (&["a", "b", "2"], (4, 22)),
            (&["a", "c"], (4, 3)),
            (&["a", "d"], (3, 9)),
        ] {
            let path: Vec<String> = path.iter().map(|step| step.to_string()).collect();
            assert_eq!(of(body, &path), Some(place), "{path:?}");
        }
        let value: Value = json5::from_str(body).expect("JSON5");
        assert_eq!(value["a"]["b"][1], 5, "what is told is what counts");
    }
}
