//! Where a text stops being JSON5, and what is expected there. The parser refuses such a text as a whole: most often it can
//! tell no more than where its outermost object begins.

use serde::de::IgnoredAny;

const DEPTH_MAX: usize = 128;

/// Line and column, one-based, and a sentence. None: nothing that is looked for here is wrong.
pub fn problem(body: &str) -> Option<(usize, usize, String)> {
    let mut reader = Reader { body, at: 0 };
    let wrong = reader.whole(DEPTH_MAX).err()?;
    let before = &body[..wrong.at];
    let line_begin = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    Some((line, before[line_begin..].chars().count() + 1, wrong.text))
}

struct Wrong {
    at: usize,
    text: String,
}

struct Reader<'a> {
    body: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.body[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn takes(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn wrong<T>(&self, text: impl Into<String>) -> Result<T, Wrong> {
        let (at, text) = (self.at, text.into());
        Err(Wrong { at, text })
    }

    fn whole(&mut self, depth: usize) -> Result<(), Wrong> {
        self.value(depth)?;
        self.blanks()?;
        match self.peek() {
            None => Ok(()),
            Some(_) => self.wrong("nothing is expected behind the last bracket"),
        }
    }

    /// White space and comments.
    fn blanks(&mut self) -> Result<(), Wrong> {
        loop {
            self.at += self.rest().len() - self.rest().trim_start_matches(is_blank).len();
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                match rest.find("*/") {
                    Some(end) => self.at += end + 2,
                    None => return self.wrong("a comment without an end, */"),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Wrong> {
        self.blanks()?;
        match self.peek() {
            Some('{') if depth > 0 => self.list('}', depth - 1),
            Some('[') if depth > 0 => self.list(']', depth - 1),
            Some('"' | '\'') => self.string(),
            None => self.wrong("a value is expected, and the text ends"),
            Some(_) => self.word(),
        }
    }

    /// An object or a list, at its first bracket.
    fn list(&mut self, end: char, depth: usize) -> Result<(), Wrong> {
        let begin = self.at;
        self.at += 1;
        loop {
            self.blanks()?;
            if self.takes(end) {
                return Ok(());
            }
            if self.peek().is_none() {
                self.at = begin;
                return self.wrong(format!("a bracket that no {end} closes"));
            }
            if end == '}' {
                self.key()?;
            }
            self.value(depth)?;
            self.blanks()?;
            if !self.takes(',') && !matches!(self.peek(), Some(c) if c == end) && self.peek().is_some() {
                return self.wrong(format!("a comma or {end} is expected"));
            }
        }
    }

    /// With its colon.
    fn key(&mut self) -> Result<(), Wrong> {
        match self.peek() {
            Some('"' | '\'') => self.string()?,
            _ => {
                let len = self.rest().find(|c: char| !is_of_name(c)).unwrap_or(self.rest().len());
                if len == 0 {
                    return self.wrong("a key or } is expected");
                }
                self.at += len;
            }
        }
        self.blanks()?;
        match self.takes(':') {
            true => Ok(()),
            false => self.wrong("a colon is expected behind the key"),
        }
    }

    fn string(&mut self) -> Result<(), Wrong> {
        let mut is_escaped = false;
        let mut inside = self.rest().char_indices();
        let quote = inside.next().map(|(_, quote)| quote);
        for (at, c) in inside {
            if Some(c) == quote && !is_escaped {
                self.at += at + 1;
                return Ok(());
            }
            if c == '\n' && !is_escaped {
                break;
            }
            is_escaped = c == '\\' && !is_escaped;
        }
        self.wrong("a text whose last quote is missing")
    }

    /// A number, or a name such as true.
    fn word(&mut self) -> Result<(), Wrong> {
        let rest = self.rest();
        let len = rest
            .find(|c: char| is_blank(c) || ",:/{}[]\"'".contains(c))
            .unwrap_or(rest.len());
        if json5::from_str::<IgnoredAny>(&rest[..len]).is_err() {
            return self.wrong("a value is expected; a text stands between quotes");
        }
        self.at += len;
        Ok(())
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "_$\\\u{200c}\u{200d}".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_where_it_stands() {
        for (body, line, column, says) in [
            ("{\n mode 'peer'}", 2, 7, "a colon is expected"),
            ("{\n a: 1\n b: 2}", 3, 2, "a comma or } is expected"),
            ("{a: [1,\n 2 3]}", 2, 4, "a comma or ] is expected"),
            ("{a: {\n b: 1,", 1, 5, "a bracket that no } closes"),
            ("{a: 1}\n}", 2, 1, "nothing is expected"),
            ("{\n a: peer}", 2, 5, "a text stands between quotes"),
            ("{a: 'b\n}", 1, 5, "last quote is missing"),
            ("{a: 'b", 1, 5, "last quote is missing"),
            ("{/* a: 1}", 1, 2, "a comment without an end"),
            ("{é: 'ü', ]: 1}", 1, 10, "a key or } is expected"),
            ("{a: }", 1, 5, "a value is expected"),
            ("", 1, 1, "the text ends"),
        ] {
            let (at_line, at_column, text) = problem(body).expect(body);
            assert_eq!((at_line, at_column), (line, column), "{body}: {text}");
            assert!(text.contains(says), "{body}: {text}");
            assert!(json5::from_str::<IgnoredAny>(body).is_err());
        }
    }

    #[test]
    fn what_is_json5_is_not_found_wrong() {
        for body in [
            "{a: 1, 'b': [true, null, 0x1F, .5, 1e3, Infinity,], \"c\": {},}",
            "// x\n[/* y */ 'it\\'s', \"a\\\\\", 'a\\\nb', ''] // z",
            "{$a_1: \"//\"}",
        ] {
            assert!(json5::from_str::<IgnoredAny>(body).is_ok(), "{body}");
            assert!(problem(body).is_none(), "{body}");
        }
        assert!(problem(&"[".repeat(DEPTH_MAX + 1)).is_some());
    }
}
