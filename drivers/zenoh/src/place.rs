//! What is wrong with a configuration, and where in its text that stands: the line and column of a key, or of an element of a list.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

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

/// Of what this path leads to, each of its steps a key or the number of an element; one-based.
pub fn of(body: &str, path: &[String]) -> Option<(usize, usize)> {
    let mut deserializer = json5::Deserializer::from_str(body).ok()?;
    // The parser tells places in errors alone: so what is sought ends in one.
    let seek = Seek { path, is_whole: true };
    let json5::Error::Message { location, .. } = seek.deserialize(&mut deserializer).err()?;
    location.map(|place| (place.line, place.column))
}

fn found<E: Error>() -> E {
    E::custom("found")
}

/// A value: fails where the path ends within it, or where it should go on.
struct Seek<'a> {
    path: &'a [String],
    /// Of the whole text nothing is said that does not stand in it.
    is_whole: bool,
}

impl<'a> Seek<'a> {
    fn within(path: &'a [String]) -> Self {
        Seek { path, is_whole: false }
    }
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.path {
            [] => Err(found()),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        to.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(is_wanted) = map.next_key_seed(SeekKey(self.path))? {
            if is_wanted {
                return map.next_value_seed(Seek::within(&self.path[1..]));
            }
            map.next_value::<IgnoredAny>()?;
        }
        if self.is_whole {
            return Ok(());
        }
        Err(found())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let wanted: Option<usize> = self.path[0].parse().ok();
        let mut at = 0;
        while wanted != Some(at) {
            if list.next_element::<IgnoredAny>()?.is_none() {
                return Err(found());
            }
            at += 1;
        }
        match &self.path[1..] {
            [] => list.next_element_seed(Here).map(|_| ()),
            rest => list.next_element_seed(Seek::within(rest)).map(|_| ()),
        }
    }
}

/// A key: whether it is the first step; fails if it is the last one, too.
struct SeekKey<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for SeekKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for SeekKey<'_> {
    type Value = bool;

    fn expecting(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        to.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        match self.0 {
            [last] if last == key => Err(found()),
            [first, ..] => Ok(first == key),
            [] => Ok(false),
        }
    }
}

/// A value: fails, whatever it is.
struct Here;

impl<'de> DeserializeSeed<'de> for Here {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Here {
    type Value = ();

    fn expecting(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        to.write_str("nothing")
    }
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
}
